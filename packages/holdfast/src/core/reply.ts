import type { Body } from './body.ts'
import { changeFields, toFields } from './fields.ts'
import type { Fields, FieldsInit } from './fields.ts'

/** An answer to a call: status, header fields, body. A fetch `Response` is one. Never changed after it was made. */
export interface Reply {
  readonly status: number
  readonly headers: Fields
  readonly body: Body
}

/**
 * Makes a reply.
 *
 * @example
 * createReply(204)
 * createReply(200, { 'content-type': 'text/plain' }, 'hello')
 */
export function createReply(status: number, headers: FieldsInit = {}, body: Body = null): Reply {
  return { status, headers: toFields(headers), body }
}

/** Makes a JSON reply. */
export function jsonReply(status: number, value: unknown, headers: Readonly<Record<string, string>> = {}): Reply {
  return createReply(status, { 'content-type': 'application/json', ...headers }, JSON.stringify(value))
}

/**
 * A reply like this one with some fields set, or removed with `undefined`. The given reply stays as it is.
 *
 * @example
 * withHeaders(reply, { etag: '"1"', 'x-powered-by': undefined })
 */
export function withHeaders(reply: Reply, changes: Readonly<Record<string, string | undefined>>): Reply {
  return { status: reply.status, headers: changeFields(reply.headers, changes), body: reply.body }
}

/** A reply like this one with the same content in another form, for a stream that had to be read. Its fields stay. */
export function withBody(reply: Reply, body: Body): Reply {
  return { status: reply.status, headers: reply.headers, body }
}
