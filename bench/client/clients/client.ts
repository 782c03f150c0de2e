/** What a client is asked to send. */
export interface Sent {
  readonly method: 'GET' | 'POST' | 'PUT'
  readonly url: string
  readonly body?: string | ReadableStream<Uint8Array>
  /** Only where the caller gives up early: ofetch has no time limit beside a signal. */
  readonly signal?: AbortSignal
}

/**
 * A client as its documentation says to set it up for an API whose calls must not be lost: two retries, also of POST, one second for an
 * attempt, and keys where it knows any.
 */
export interface Client {
  readonly name: string
  /** What it cannot be asked for. */
  readonly lacks?: readonly ('signal' | 'stream')[]
  /** Makes one for a server; each server gets its own, so that nothing of one fault is left for the next. */
  open(origin: string): (sent: Sent) => Promise<unknown>
}

export const retries = 2
export const attemptMs = 1_000
export const jsonType: Readonly<Record<string, string>> = { 'content-type': 'application/json' }
