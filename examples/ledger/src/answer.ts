import type { Reply } from 'holdfast'
import { failed, refuse } from './refusals.ts'

/** A reply in the plain form that every framework can send. */
export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** Empty is no body. */
  readonly body: string
}

/** Makes a reply of the ledger's, whose bodies are all text, ready to send. */
export function toAnswer({ status, headers, body }: Reply): Answer {
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
