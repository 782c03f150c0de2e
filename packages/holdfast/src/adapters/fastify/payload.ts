import { Readable } from 'node:stream'
import type { FastifyReply } from './types.ts'

/**
 * Takes a `Response` apart into Fastify's own reply, as Fastify does when it sends one, so that a policy sees its fields.
 * All other payloads stay as they are.
 */
export function unwrapResponse(reply: FastifyReply, payload: unknown): unknown {
  if (typeof payload !== 'object' || payload === null || Object.prototype.toString.call(payload) !== '[object Response]') return payload
  const { status, headers, body } = payload as Response
  reply.code(status)
  for (const [name, value] of headers) reply.header(name, value)
  return body
}

/** The payload as a stream that can be put back into; anything with `pipe` counts as a stream to Fastify. */
export function toReadable(payload: unknown): Readable {
  return payload instanceof Readable ? payload : new Readable().wrap(payload as NodeJS.ReadableStream)
}
