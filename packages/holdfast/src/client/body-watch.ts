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
      if (prototype === undefined) changed.set(original, (prototype = Object.create(original, readers(original, idleMs)) as object))
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

/** What takes the place of the platform's methods; `this` is the response. */
function readers(original: Response, idleMs: number): PropertyDescriptorMap {
  /** A body that is used already is refused in the platform's own words. */
  function whole(response: Response): Promise<Uint8Array<ArrayBuffer>> {
    const exchange = exchanges.read(response)
    const { body } = response
    if (exchange === undefined || body === null || response.bodyUsed || body.locked)
      return original.arrayBuffer.call(response).then((buffer) => new Uint8Array(buffer))
    // It is read now, and lives on: what it was the answer to need not.
    exchanges.write(response, undefined)
    return readAll(body, Number.POSITIVE_INFINITY, idleMs, exchange)
  }
  const typed = (response: Response): { headers: Record<string, string> } => ({
    headers: { 'content-type': response.headers.get('content-type') ?? '' },
  })
  const methods: Record<string, (this: Response) => Promise<unknown>> = {
    async text() {
      return decoder.decode(await whole(this))
    },
    async json() {
      return JSON.parse(decoder.decode(await whole(this))) as unknown
    },
    async arrayBuffer() {
      return (await whole(this)).buffer
    },
    async bytes() {
      return whole(this)
    },
    async blob() {
      return new Response(await whole(this), typed(this)).blob()
    },
    async formData() {
      return new Response(await whole(this), typed(this)).formData()
    },
  }
  return Object.getOwnPropertyDescriptors(methods)
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
