import { createCall } from '../core/call.ts'
import type { Call, CallChange } from '../core/call.ts'
import { bodyTooLarge } from '../core/errors.ts'
import type { Facts } from '../core/facts.ts'
import type { HeaderReader } from '../core/fields.ts'

/** A call seen through a change. Asks the call it came from for the rest, and only when asked itself: its signal may be costly. */
export class ChangedCall implements Call {
  readonly #from: Call
  readonly #change: Partial<CallChange>
  #request: Request | undefined

  constructor(from: Call, change: Partial<CallChange>) {
    this.#from = from
    this.#change = change
  }

  get method(): string {
    return this.#change.method ?? this.#from.method
  }

  get url(): string {
    return this.#change.url ?? this.#from.url
  }

  get headers(): HeaderReader {
    return this.#change.headers ?? this.#from.headers
  }

  get signal(): AbortSignal | undefined {
    return 'signal' in this.#change ? this.#change.signal : this.#from.signal
  }

  get facts(): Facts {
    return this.#from.facts
  }

  get peer(): string | undefined {
    return this.#from.peer
  }

  get whenClosed(): Call['whenClosed'] {
    const from = this.#from
    return from.whenClosed === undefined ? undefined : (action) => from.whenClosed?.(action)
  }

  async bytes(limit: number = Number.POSITIVE_INFINITY): Promise<Uint8Array> {
    const { body } = this.#change
    if (body === undefined) return this.#from.bytes(limit)
    if (body.byteLength > limit) throw bodyTooLarge(limit)
    return body
  }

  get request(): Request {
    const { method, url, headers, signal } = this
    this.#request ??= createCall({ method, url: absolute(url, this.#from), headers, signal, body: (limit) => this.bytes(limit) }).request
    return this.#request
  }

  /** The body that a policy put in place of the one that came; `undefined` when it is still that. */
  get changedBody(): Uint8Array | undefined {
    return this.#change.body ?? (this.#from instanceof ChangedCall ? this.#from.changedBody : undefined)
  }

  with(change: Partial<CallChange>): Call {
    return new ChangedCall(this, change)
  }
}

function absolute(url: string, from: Call): string {
  return url.startsWith('/') ? new URL(url, from.request.url).href : url
}
