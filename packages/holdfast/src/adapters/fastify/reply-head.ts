import { validateHeaderValue } from 'node:http'
import { ChangedFields } from '../../core/fields.ts'
import type { Reply } from '../../core/reply.ts'
import type { FastifyReply } from './types.ts'

/** Header fields as Fastify gives them. */
export type HeadSnapshot = ReturnType<FastifyReply['getHeaders']>

/** Applies to Fastify's head what a policy's reply has different. Throws on a value that could not be written. */
export function changeHead(target: FastifyReply, live: Reply, reply: Reply): void {
  const { headers } = reply
  if (reply.status !== live.status) target.code(reply.status)
  if (headers === live.headers) return
  if (headers instanceof ChangedFields && headers.base === live.headers) {
    for (const [name, value] of headers.changes) {
      if (value === undefined) target.removeHeader(name)
      else setField(target, name, value)
    }
    return
  }
  const fields = [...headers]
  for (const name of Object.keys(target.getHeaders())) target.removeHeader(name)
  for (const [name, value] of fields) target.header(name, value)
}

/** Sets a field; Fastify would append a Set-Cookie to those before. Fastify itself finds a bad value only while it writes the head. */
export function setField(target: FastifyReply, name: string, value: string | readonly string[]): void {
  for (const one of typeof value === 'string' ? [value] : value) validateHeaderValue(name, one)
  if (name === 'set-cookie') target.removeHeader(name)
  target.header(name, value)
}

/** Brings the head back to what was set before the handler ran. */
export function restoreHead(target: FastifyReply, before: HeadSnapshot): void {
  for (const name of Object.keys(target.getHeaders())) target.removeHeader(name)
  for (const [name, value] of Object.entries(before)) target.header(name, value)
}
