import { concat } from '../core/body.ts'
import { monotonic } from '../core/clock.ts'
import { HoldfastError } from '../core/errors.ts'
import { complete } from '../retry/complete.ts'
import type { BodyWatch, Exchange, SelfWatched } from './send-attempt.ts'
import { createStamp } from './stamp.ts'

/** What is left of the attempt whose body a response is. */
const exchanges = createStamp<Exchange | undefined>()
/** One for all: to make one costs more than to decode a short body. */
const decoder = new TextDecoder()

/**
 * Watches over the bodies of answers: one that makes no progress while `text()`, `json()` or another of the methods that read all of it waits
 * is an error (`body-idle`), not a wait without end. The response stays the object that `fetch` made; only those methods are others.
 * Who reads `body` itself, as a stream, looks after it himself.
 *
 * @example
 * const fetch = fetchThrough(stack(retry()), { watch: bodyWatch({ bodyIdleMs: 5_000 }) })
 */
export function bodyWatch(options: { readonly bodyIdleMs?: number } = {}): BodyWatch {
  const { bodyIdleMs: idleMs } = complete({ bodyIdleMs: 10_000 }, options)
  const changed = new WeakMap<object, object>()
  return {
    watch(response: Response & Partial<SelfWatched>, exchange) {
      if (response.watchedBy !== undefined) return response.watchedBy(exchange, idleMs)
      const original = Object.getPrototypeOf(response) as Response
      let prototype = changed.get(original)
      if (prototype === undefined) changed.set(original, (prototype = watching(original, idleMs)))
      exchanges.write(response, exchange)
      Object.setPrototypeOf(response, prototype)
    },
    async buffer(response, limit, exchange) {
      const copy = response.clone()
      try {
        await readAll(copy.body, limit, idleMs, exchange)
      } catch (error) {
        void response.body?.cancel().catch(ignore)
        throw error
      }
    },
  }
}

/** What whole bodies are made into. */
const forms: Record<string, (bytes: Uint8Array<ArrayBuffer>, response: Response) => unknown> = {
  text: (bytes) => decoder.decode(bytes),
  json: (bytes) => JSON.parse(decoder.decode(bytes)),
  arrayBuffer: ({ buffer }) => buffer,
  bytes: (bytes) => bytes,
  blob: (bytes, response) => new Response(bytes, response).blob(),
  formData: (bytes, response) => new Response(bytes, response).formData(),
}

/** A prototype whose methods take the place of the platform's. */
function watching(original: Response, idleMs: number): object {
  const methods = Object.create(original) as Record<string, (this: Response) => Promise<unknown>>
  for (const [name, form] of Object.entries(forms)) {
    const platforms = methods[name]
    methods[name] = async function () {
      const exchange = exchanges.read(this)
      const { body } = this
      // A body that is used already is refused in the platform's own words.
      if (exchange === undefined || body === null || this.bodyUsed || body.locked) return platforms?.call(this)
      // It is read now, and lives on: what it was the answer to need not.
      exchanges.write(this, undefined)
      return form(await readAll(body, Number.POSITIVE_INFINITY, idleMs, exchange), this)
    }
  }
  return methods
}

/** Reads a body to its end, or until it is longer than `limit`; then the rest is left unread. One timer for all of it. */
async function readAll(body: Response['body'], limit: number, idleMs: number, exchange: Exchange): Promise<Uint8Array<ArrayBuffer>> {
  const { clock } = exchange
  const reader = (body as ReadableStream<Uint8Array>).getReader()
  const chunks: Uint8Array[] = []
  let size = 0
  let progressAt = monotonic(clock)
  const check = (): void => {
    const leftMs = progressAt + idleMs - monotonic(clock)
    if (leftMs > 0) cancelTimer = clock.after(leftMs, check)
    else exchange.end(new HoldfastError('body-idle', `the body of the answer stopped for ${idleMs} ms`))
  }
  let cancelTimer = clock.after(idleMs, check)
  // Ends the read that waits; the error is that of the exchange.
  exchange.onEnd = () => void reader.cancel(exchange.reason).catch(ignore)
  try {
    for (let isDone = false; !isDone;) {
      const { done, value } = await reader.read()
      if (exchange.reason !== undefined) throw exchange.reason
      isDone = done || size + value.byteLength > limit
      if (done) break
      chunks.push(value)
      size += value.byteLength
      progressAt = monotonic(clock)
    }
    if (size > limit) void reader.cancel().catch(ignore)
  } finally {
    cancelTimer()
    exchange.onEnd = undefined
    exchange.release()
  }
  const bytes = concat(chunks, size)
  return (bytes.byteLength === bytes.buffer.byteLength ? bytes : bytes.slice()) as Uint8Array<ArrayBuffer>
}

function ignore(): void {}
