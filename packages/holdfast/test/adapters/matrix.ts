import { subscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable, pipeline } from 'node:stream'
import { getRequestListener } from '@hono/node-server'
import express from 'express'
import fastify from 'fastify'
import { Hono } from 'hono'
import { afterEach, describe } from 'vitest'
import { holdfast as forExpress } from '../../src/adapters/express/index.ts'
import { holdfast as forFastify } from '../../src/adapters/fastify/index.ts'
import { holdfast as forFetch } from '../../src/adapters/fetch/index.ts'
import { holdfast as forHono } from '../../src/adapters/hono/index.ts'
import { holdfast as forNode } from '../../src/adapters/node/index.ts'
import type { PolicySource } from '../../src/core/index.ts'

/** What a scenario's handler sees: the body comes through the framework's own parser. */
export interface Asked {
  readonly method: string
  readonly path: string
  body(): Promise<Buffer>
}

/** What a scenario's handler answers; each kit sends it in its framework's own way. */
export interface Answered {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string | string[]>>
  readonly body?: string | Uint8Array | AsyncIterable<Uint8Array>
}

export type Handler = (asked: Asked) => Answered | Promise<Answered>

/** One adapter with its framework, as scenarios see it. */
export interface Kit {
  readonly name: string
  /** Whether a handler's exception is answered by the framework, and not by Holdfast. */
  readonly hasOwnErrors: boolean
  /** Whether the body was read before a policy runs. */
  readonly parsesFirst: boolean
  start(source: PolicySource, handler: Handler): Promise<Server>
}

/** What adapters reported on the diagnostics channel; listening keeps it off the console. */
export const reported: unknown[] = []
subscribe('holdfast:error', (message) => void reported.push((message as { error: unknown }).error))

const servers = new Set<Server>()

/** Starts a server on a free port of the loopback; it is closed after the test. */
export async function listen(server: Server): Promise<number> {
  servers.add(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

/** Closes what tests have started. */
export function closeServers(): void {
  for (const server of servers) {
    server.closeAllConnections()
    server.close()
  }
  servers.clear()
  reported.length = 0
}

async function readAll(req: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of req) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

async function answerNode(res: ServerResponse, { status = 200, headers = {}, body }: Answered): Promise<void> {
  res.writeHead(status, headers)
  if (body === undefined || typeof body === 'string' || body instanceof Uint8Array) return void res.end(body)
  for await (const chunk of body) if (!res.write(chunk)) await drained(res)
  res.end()
}

function drained(res: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const settle = (): void => {
      res.off('drain', settle).off('close', settle)
      resolve()
    }
    res.on('drain', settle).on('close', settle)
  })
}

const node: Kit = {
  name: 'node',
  hasOwnErrors: false,
  parsesFirst: false,
  start: async (source, handler) => {
    const answer = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
      const asked = { method: req.method ?? '', path: req.url ?? '', body: () => readAll(req) }
      await answerNode(res, await handler(asked))
    }
    return createServer(forNode(source, answer))
  },
}

function expressKit(name: string, isParserFirst: boolean): Kit {
  return {
    name,
    hasOwnErrors: true,
    parsesFirst: isParserFirst,
    start: async (source, handler) => {
      const app = express()
      const parser = express.raw({ type: () => true, limit: '64mb' })
      if (isParserFirst) app.use(parser)
      app.use(forExpress(source))
      if (!isParserFirst) app.use(parser)
      app.use(async (req, res) => {
        const asked = { method: req.method, path: req.url, body: async () => (req.body as Buffer | undefined) ?? Buffer.alloc(0) }
        const { status = 200, headers = {}, body } = await handler(asked)
        res.status(status).set(headers)
        if (body === undefined) res.end()
        else if (typeof body === 'string' || body instanceof Uint8Array) res.send(Buffer.from(body as string))
        else pipeline(Readable.from(body, { objectMode: false }), res, () => {})
      })
      app.use(
        (error: Error, _req: unknown, res: express.Response, _next: unknown) => void res.status(418).send(`the app says ${error.message}`),
      )
      return createServer(app as RequestListener)
    },
  }
}

const fastifyKit: Kit = {
  name: 'fastify',
  hasOwnErrors: true,
  parsesFirst: true,
  start: async (source, handler) => {
    const app = fastify({ bodyLimit: 64 * 1024 * 1024 })
    app.removeAllContentTypeParsers()
    app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
    app.register(forFastify(source))
    app.setErrorHandler((error: Error, _request, reply) => void reply.code(418).send(`the app says ${error.message}`))
    app.all('/*', async (request, reply) => {
      const asked = { method: request.method, path: request.url, body: async () => (request.body as Buffer | undefined) ?? Buffer.alloc(0) }
      const { status = 200, headers = {}, body } = await handler(asked)
      reply.code(status).headers(headers)
      if (body === undefined || typeof body === 'string' || body instanceof Uint8Array) return reply.send(body)
      return reply.send(Readable.from(body, { objectMode: false }))
    })
    await app.ready()
    return app.server
  },
}

function toResponse({ status = 200, headers = {}, body }: Answered): Response {
  const pairs = Object.entries(headers).flatMap(([name, value]) => [value].flat().map((one): [string, string] => [name, one]))
  const isPlain = body === undefined || typeof body === 'string' || body instanceof Uint8Array
  return new Response(isPlain ? ((body ?? null) as BodyInit | null) : (ReadableStream.from(body) as ReadableStream), {
    status,
    headers: pairs,
  })
}

/** Serves a fetch-style handler from Node. */
export function bridge(handle: (request: Request) => Response | Promise<Response>): RequestListener {
  const listener = getRequestListener(handle)
  return (req, res) => void listener(req, res)
}

const hono: Kit = {
  name: 'hono',
  hasOwnErrors: true,
  parsesFirst: false,
  start: async (source, handler) => {
    const app = new Hono()
    app.use(forHono(source))
    app.onError((error, c) => c.text(`the app says ${error.message}`, 418))
    app.all('*', async (c) => {
      const asked = { method: c.req.raw.method, path: c.req.path, body: async () => Buffer.from(await c.req.arrayBuffer()) }
      return toResponse(await handler(asked))
    })
    return createServer(bridge(app.fetch))
  },
}

const fetchKit: Kit = {
  name: 'fetch',
  hasOwnErrors: false,
  parsesFirst: false,
  start: async (source, handler) => {
    const answer = async (request: Request): Promise<Response> => {
      const asked = {
        method: request.method,
        path: new URL(request.url).pathname,
        body: async () => Buffer.from(await request.arrayBuffer()),
      }
      return toResponse(await handler(asked))
    }
    return createServer(bridge(forFetch(source, answer)))
  },
}

type BodyInit = ConstructorParameters<typeof Response>[0]

export const kits: readonly Kit[] = [
  node,
  expressKit('express', false),
  expressKit('express, parser first', true),
  fastifyKit,
  hono,
  fetchKit,
]

/** Runs scenarios through every adapter. */
export function describeAdapters(
  title: string,
  scenarios: (start: (source: PolicySource, handler: Handler) => Promise<number>, kit: Kit) => void,
): void {
  describe.each(kits)(`${title}: $name`, (kit) => {
    afterEach(closeServers)
    scenarios(async (source, handler) => listen(await kit.start(source, handler)), kit)
  })
}
