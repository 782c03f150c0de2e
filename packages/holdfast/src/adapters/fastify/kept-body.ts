import { concat } from '../../core/body.ts'
import { bodyTooLarge } from '../../core/errors.ts'

/** What the request's body stream emits, kept while Fastify's parser reads it. */
export class KeptBody {
  #limit: number
  readonly #routeLimit: () => number | undefined
  readonly #chunks: Uint8Array[] = []
  #size = 0

  /** `limit` is the application's own; the route's, which may be larger, is asked for only where it matters. */
  constructor(limit: number, routeLimit: () => number | undefined) {
    this.#limit = limit
    this.#routeLimit = routeLimit
  }

  /** The bytes that passed; undefined when they were more than may be kept. */
  bytes(): Uint8Array | undefined {
    return this.#size > this.#limit ? undefined : concat(this.#chunks, this.#size)
  }

  tooLarge(): Error {
    return bodyTooLarge(this.#limit)
  }

  add(chunk: unknown): void {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : (chunk as Uint8Array)
    this.#size += bytes.byteLength
    if (this.#size > this.#limit) this.#limit = Math.max(this.#limit, this.#routeLimit() ?? 0)
    if (this.#size > this.#limit) this.#chunks.length = 0
    else this.#chunks.push(bytes)
  }
}

interface Emitter {
  emit(event: string, ...values: readonly unknown[]): boolean
}

/**
 * Keeps what a stream emits, whoever reads it and however. Listening for 'data' would set the stream flowing before its
 * parser is there, and a stream in between costs more than all policies together.
 */
export function keepBody(stream: Emitter, kept: KeptBody): void {
  // Bound for the reason that Interception gives.
  stream.emit = keepAndEmit.bind(stream, kept, stream.emit)
}

function keepAndEmit(this: Emitter, kept: KeptBody, emit: Emitter['emit'], event: string, ...values: readonly unknown[]): boolean {
  if (event === 'data') kept.add(values[0])
  return emit.call(this, event, ...values)
}
