import type { Call, CallChange } from '../core/call.ts'
import { createFacts } from '../core/facts.ts'
import type { Facts } from '../core/facts.ts'
import type { HeaderReader } from '../core/fields.ts'
import { toRequestBody, bytesOf } from './request-body.ts'
import type { RequestBody } from './request-body.ts'
import { toHeadersInput } from './request-fields.ts'
import type { BodyValue } from './types.ts'

/** What `fetch` was given, apart from what a policy may change. */
export interface CallSource {
  /** Passed on as it is while no policy changes the URL: a `Request` carries more than its init. */
  readonly input: string | URL | Request
  /** Never changed. */
  readonly init: RequestInit | undefined
  /** The URL of `input`, absolute. */
  readonly url: string
}

/** A call that goes out. Looks into what `fetch` was given, and builds nothing of it until asked. */
export class ClientCall implements Call {
  readonly method: string
  readonly url: string
  readonly headers: HeaderReader
  readonly signal: AbortSignal | undefined
  readonly facts: Facts
  readonly source: CallSource
  readonly body: RequestBody
  #request: Request | undefined

  constructor(
    source: CallSource,
    body: RequestBody,
    { method, url, headers, signal }: Omit<CallChange, 'body'>,
    facts: Facts = createFacts(),
  ) {
    this.method = method
    this.url = url
    this.headers = headers
    this.signal = signal
    this.facts = facts
    this.source = source
    this.body = body
  }

  bytes(limit: number = Number.POSITIVE_INFINITY): Promise<Uint8Array> {
    return bytesOf(this.body, limit)
  }

  get request(): Request {
    const { method, url, headers, body, signal } = this
    const value = body.next()
    this.#request ??= new Request(url, {
      method,
      headers: toHeadersInput(headers, {}),
      ...(signal && { signal }),
      ...(value !== undefined && { body: value, duplex: 'half' }),
    } as RequestInit)
    return this.#request
  }

  with(change: Partial<CallChange>): ClientCall {
    const { method, url, headers, signal } = this
    const body = change.body === undefined ? this.body : toRequestBody(change.body as BodyValue, noLimits)
    return new ClientCall(this.source, body, { method, url, headers, signal, ...change }, this.facts)
  }
}

const noLimits = { bytesPerCall: 0, bytesPerProcess: 0 }
