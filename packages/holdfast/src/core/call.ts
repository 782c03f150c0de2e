import { bodyTooLarge } from './errors.ts'
import { captureBody } from './body.ts'
import { createFacts } from './facts.ts'
import type { Facts } from './facts.ts'
import type { HeaderReader } from './fields.ts'

/** What callbacks of users get. A real `Request` is one, a `Call` is one, `{ method, url, headers }` in a test is one. */
export interface RequestHead {
  /** Upper case. */
  readonly method: string
  /** Absolute in a `Request`; a call's own may be origin-form (`/path?query`). Read it with `targetOf`. */
  readonly url: string
  readonly headers: HeaderReader
}

/** What `call.with` may change. */
export interface CallChange {
  readonly method: string
  readonly url: string
  readonly headers: HeaderReader
  readonly body: Uint8Array
  readonly signal: AbortSignal | undefined
}

/** One request on its way through the policies. Immutable; `facts` is the one thing that grows. */
export interface Call extends RequestHead {
  /** Aborts when the caller has gone away. */
  readonly signal: AbortSignal | undefined
  readonly facts: Facts
  /** The address at the other end of the connection, as the socket gives it; `undefined` where the server does not tell. */
  readonly peer?: string | undefined
  /** Runs an action once the exchange is over: answered whole, or broken off. Absent where the server does not tell. */
  readonly whenClosed?: ((action: () => void) => void) | undefined
  /** The whole body. Memoised: reading never consumes, and the framework's own parser still finds it. Rejects with `body-too-large` over `limit` bytes. */
  bytes(limit?: number): Promise<Uint8Array>
  /** A real `Request`, built on first access only: it costs more than all policies together. */
  readonly request: Request
  with(change: Partial<CallChange>): Call
}

/** Path and query of a URL, absolute or origin-form. Neither is decoded; `query` has no `?`. */
export interface Target {
  readonly path: string
  readonly query: string
}

/**
 * Splits a URL without parsing what it does not need.
 *
 * @example
 * targetOf('https://api.example/transfers?limit=5') // { path: '/transfers', query: 'limit=5' }
 */
export function targetOf(url: string): Target {
  const start = url.charCodeAt(0) === slash ? 0 : endOfAuthority(url)
  const hash = url.indexOf('#', start)
  const end = hash < 0 ? url.length : hash
  const mark = url.indexOf('?', start)
  if (mark < 0 || mark > end) return { path: url.slice(start, end) || '/', query: '' }
  return { path: url.slice(start, mark) || '/', query: url.slice(mark + 1, end) }
}

const slash = 47

/** Where scheme and authority end (RFC 3986 section 3.2); 0 for a target that has neither, such as `*`. */
function endOfAuthority(url: string): number {
  const scheme = url.indexOf('://')
  if (scheme < 0) return 0
  const end = url.slice(scheme + 3).search(/[/?#]/)
  return end < 0 ? url.length : scheme + 3 + end
}

/** What a call is made from. `body` reads the bytes once; it is called at most once. */
export interface CallInit extends RequestHead {
  readonly signal?: AbortSignal | undefined
  readonly facts?: Facts
  readonly peer?: string | undefined
  readonly whenClosed?: ((action: () => void) => void) | undefined
  readonly body?: Uint8Array | ((limit: number) => Promise<Uint8Array>)
  readonly request?: () => Request
}

const nothing = new Uint8Array(0)

/**
 * Makes a call from parts. Adapters with cheaper views make their own.
 *
 * @example
 * createCall({ method: 'POST', url: '/transfers', headers: toFields({ 'idempotency-key': 'k1' }), body: bytes })
 */
export function createCall(init: CallInit): Call {
  return new PlainCall(init)
}

class PlainCall implements Call {
  readonly method: string
  readonly url: string
  readonly headers: HeaderReader
  readonly signal: AbortSignal | undefined
  readonly facts: Facts
  readonly peer: string | undefined
  readonly whenClosed: ((action: () => void) => void) | undefined
  readonly #init: CallInit
  #bytes: Promise<Uint8Array> | undefined
  #request: Request | undefined

  constructor(init: CallInit) {
    this.method = init.method
    this.url = init.url
    this.headers = init.headers
    this.signal = init.signal
    this.facts = init.facts ?? createFacts()
    this.peer = init.peer
    this.whenClosed = init.whenClosed
    this.#init = init
  }

  async bytes(limit = Number.POSITIVE_INFINITY): Promise<Uint8Array> {
    const { body } = this.#init
    this.#bytes ??= typeof body === 'function' ? body(limit) : Promise.resolve(body ?? nothing)
    const bytes = await this.#bytes
    if (bytes.byteLength > limit) throw bodyTooLarge(limit)
    return bytes
  }

  get request(): Request {
    this.#request ??= this.#init.request?.() ?? toRequest(this, this.#init.body)
    return this.#request
  }

  with(change: Partial<CallChange>): Call {
    const body = change.body ?? ((limit: number) => this.bytes(limit))
    const { method, url, headers, signal, facts, peer, whenClosed } = this
    return new PlainCall({ method, url, headers, signal, facts, peer, whenClosed, ...change, body })
  }
}

function toRequest(call: Call, body: CallInit['body']): Request {
  const url = call.url.startsWith('/') ? `http://${call.headers.get('host') ?? 'localhost'}${call.url}` : call.url
  const pairs = Symbol.iterator in call.headers ? [...(call.headers as Iterable<[string, string]>)] : []
  const init: RequestInit = { method: call.method, headers: pairs, ...(call.signal && { signal: call.signal }) }
  if (body === undefined || call.method === 'GET' || call.method === 'HEAD') return new Request(url, init)
  const stream = new ReadableStream<Uint8Array>({
    async pull(controller) {
      controller.enqueue(await call.bytes())
      controller.close()
    },
  })
  return new Request(url, { ...init, body: stream, duplex: 'half' } as RequestInit)
}

/**
 * Makes a call from a fetch `Request`. The request given stays readable: its body is read from a clone.
 */
export function fromRequest(request: Request): Call {
  const { method, url, headers, signal } = request
  return createCall({ method, url, headers, signal, request: () => request, body: (limit) => readRequest(request, limit) })
}

async function readRequest(request: Request, limit: number): Promise<Uint8Array> {
  const declared = Number(request.headers.get('content-length') ?? 0)
  if (declared > limit) throw bodyTooLarge(limit)
  const { body, bytes } = await captureBody(request.clone().body as ReadableStream<Uint8Array> | null, limit)
  if (bytes !== undefined) return bytes
  // Not awaited: one half of a cloned body settles its cancellation only with the other half.
  if (body instanceof ReadableStream) void body.cancel().catch(() => {})
  throw bodyTooLarge(limit)
}
