import type { Call, CallChange } from '../core/call.ts'
import { bodyTooLarge } from '../core/errors.ts'
import { createFacts } from '../core/facts.ts'
import type { Facts } from '../core/facts.ts'
import type { HeaderReader } from '../core/fields.ts'
import { toCallFields } from './call-fields.ts'
import { toRequestBody } from './request-body.ts'
import type { RequestBody } from './request-body.ts'
import type { BodyValue } from './types.ts'

/** What `fetch` was given, apart from what a policy may change. */
export interface CallSource {
  /** Passed on as it is while no policy changes the URL: a `Request` carries more than its init. */
  readonly input: string | URL | Request
  /** Never changed. */
  readonly init: RequestInit
  /** The URL of `input`, absolute. */
  readonly url: string
}

/** A call that goes out. */
export class ClientCall implements Call {
  readonly method: string
  readonly url: string
  readonly headers: HeaderReader
  readonly signal: AbortSignal | undefined
  readonly facts: Facts
  readonly source: CallSource
  readonly body: RequestBody
  #request: Request | undefined

  constructor(source: CallSource, body: RequestBody, head: Omit<CallChange, 'body'>, facts: Facts = createFacts()) {
    this.source = source
    this.body = body
    this.method = head.method
    this.url = head.url
    this.headers = head.headers
    this.signal = head.signal
    this.facts = facts
  }

  async bytes(limit: number = Number.POSITIVE_INFINITY): Promise<Uint8Array> {
    const bytes = new Uint8Array(await new Response(this.body.next() ?? null).arrayBuffer())
    if (bytes.byteLength > limit) throw bodyTooLarge(limit)
    return bytes
  }

  get request(): Request {
    const { method, url, headers, body, signal } = this
    const init = { method, headers: [...toCallFields(headers)], body: body.next() ?? null, signal: signal ?? null, duplex: 'half' }
    this.#request ??= new Request(url, init as RequestInit)
    return this.#request
  }

  with(change: Partial<CallChange>): ClientCall {
    const body = change.body === undefined ? this.body : toRequestBody(change.body as BodyValue)
    const { source, method, url, headers, signal, facts } = this
    return new ClientCall(source, body, { method, url, headers, signal, ...change }, facts)
  }
}
