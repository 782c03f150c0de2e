import { Readable, pipeline } from 'node:stream'
import type { Writable } from 'node:stream'
import type { Reply } from 'holdfast'
import { failed, refuse } from './refusals.ts'

/** A reply in the plain form that every framework can send. */
export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** Empty is no body. */
  readonly body: string | ReadableStream<Uint8Array>
}

/** Makes a reply of the ledger's, whose bodies are text or streams, ready to send. */
export function toAnswer({ status, headers, body }: Reply): Answer {
  if (body instanceof ReadableStream) return { status, body, headers: Object.fromEntries(headers) }
  const text = typeof body === 'string' ? body : ''
  // Without its length a body is sent in chunks, and HEAD could not tell it.
  return {
    status,
    body: text,
    headers: { ...Object.fromEntries(headers), ...(text !== '' && { 'content-length': String(Buffer.byteLength(text)) }) },
  }
}

/** The answer to a call for which there is no route. */
export const nothingHere = (): Answer => toAnswer(refuse('not-found', 'No route has this method and path.'))

/** The answer to a call whose handler, or framework, threw. */
export const failure = (error: unknown): Answer => toAnswer(failed(error))

/** A stream as Node has them. It reads nothing ahead, so that a line about a failure is sent before the failure breaks the connection. */
export function toReadable(body: ReadableStream<Uint8Array>): Readable {
  return Readable.fromWeb(body, { highWaterMark: 1 })
}

/** Sends a stream as fast as it is taken; one that fails breaks the connection off. */
export function flow(body: ReadableStream<Uint8Array>, response: Writable): void {
  // Who listens to the response knows of the failure; it was reported where it happened.
  pipeline(toReadable(body), response, () => undefined)
}
