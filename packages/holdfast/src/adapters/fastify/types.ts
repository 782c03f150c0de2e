import type { IncomingMessage, ServerResponse } from 'node:http'

/** The slice of Fastify's request that the adapter uses. */
export interface FastifyRequest {
  readonly raw: IncomingMessage
  body: unknown
  query: unknown
  readonly protocol: string
  readonly originalUrl: string
  readonly routeOptions: { readonly bodyLimit?: number | undefined }
  readonly log: { error(error: unknown): void }
}

/** The slice of Fastify's reply that the adapter uses. */
export interface FastifyReply {
  readonly raw: ServerResponse
  code(status: number): unknown
  header(name: string, value: unknown): unknown
  getHeader(name: string): number | string | string[] | undefined
  getHeaders(): Record<string, number | string | string[] | undefined>
  removeHeader(name: string): unknown
  send(payload?: unknown): unknown
}

/** What a hook calls when it is done; a second argument replaces the payload. */
export type HookDone = (error?: Error | null, payload?: unknown) => void

/** The slice of a Fastify instance that the adapter uses, open to every version's own types. */
export interface FastifyInstance {
  addHook(name: never, hook: never): unknown
}

/** The same slice, as it is called. */
export interface Hooks {
  addHook(name: 'preParsing', hook: (request: FastifyRequest, reply: FastifyReply, payload: unknown, done: HookDone) => void): unknown
  addHook(name: 'preHandler', hook: (request: FastifyRequest, reply: FastifyReply, done: HookDone) => void): unknown
  addHook(name: 'onSend', hook: (request: FastifyRequest, reply: FastifyReply, payload: unknown, done: HookDone) => void): unknown
}

/** A plugin as `app.register` takes it. */
export type FastifyPlugin = (instance: FastifyInstance, options: unknown, done: (error?: Error) => void) => void
