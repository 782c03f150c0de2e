import type { Body } from './body.ts'
import { changeFields, toFields } from './fields.ts'
import type { Fields, FieldsInit, HeaderReader } from './fields.ts'

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

/** What can be known of an answer before its body. */
export interface ReplyHead {
  readonly status: number
  readonly headers: HeaderReader
}

/** The fields that a head is to have besides; `undefined` removes one. Called when the head is known; again for the next one where a server refuses to write it. */
export type HeadersOf = (head: ReplyHead) => Readonly<Record<string, string | undefined>>

/** A promised reply that takes further fields without being waited for. */
interface Dressable {
  addHeaders(headersOf: HeadersOf): Promise<Reply>
}

/**
 * Adds fields to an answer that may not be there yet. A policy that does nothing else to answers should use this instead of awaiting them: servers
 * then let the handler write as if nothing was installed, which costs a fraction.
 *
 * @example
 * const poweredBy: Policy = (call, next) => addHeaders(next(call), () => ({ 'x-powered-by': 'holdfast' }))
 */
export function addHeaders(answer: Promise<Reply> | Reply, headersOf: HeadersOf): Promise<Reply> | Reply {
  if ('addHeaders' in answer) return (answer as Promise<Reply> & Dressable).addHeaders(headersOf)
  if ('then' in answer) return answer.then((reply) => withHeaders(reply, headersOf(reply)))
  return withHeaders(answer, headersOf(answer))
}
