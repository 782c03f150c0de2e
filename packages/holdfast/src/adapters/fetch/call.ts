import { fromRequest } from '../../core/call.ts'
import type { Call, CallChange } from '../../core/call.ts'
import { HoldfastError } from '../../core/errors.ts'
import { createFacts } from '../../core/facts.ts'
import type { Facts } from '../../core/facts.ts'
import type { HeaderReader } from '../../core/fields.ts'
import { BodyMemo } from '../body-memo.ts'
import { ChangedCall } from '../changed-call.ts'

const calls = new WeakMap<object, Call>()

/** A call over a fetch `Request`. Reads nothing of it until asked: on some servers a request's signal alone costs more than the rest. */
export class FetchCall implements Call {
  readonly request: Request
  #memo: BodyMemo | undefined
  #facts: Facts | undefined
  readonly #outer: Call | undefined
  readonly #peer: (() => string | undefined) | undefined
  #closing: (() => void)[] | undefined

  /** `outer` is the call an adapter further out has made of the same request: its facts are shared, its body is not read again. */
  constructor(request: Request, outer: Call | undefined, peer?: () => string | undefined) {
    this.request = request
    this.#outer = outer
    this.#peer = peer
  }

  get method(): string {
    return this.request.method
  }

  get url(): string {
    return this.request.url
  }

  get headers(): HeaderReader {
    return this.request.headers
  }

  get signal(): AbortSignal {
    return this.request.signal
  }

  get peer(): string | undefined {
    return this.#peer?.() ?? this.#outer?.peer
  }

  whenClosed(action: () => void): void {
    this.#closing ??= []
    this.#closing.push(action)
  }

  /** What is to run when the exchange is over; each only once. */
  takeClosing(): (() => void)[] {
    return this.#closing?.splice(0) ?? []
  }

  get facts(): Facts {
    this.#facts ??= this.#outer?.facts ?? createFacts()
    return this.#facts
  }

  bytes(limit: number = Number.POSITIVE_INFINITY): Promise<Uint8Array> {
    this.#memo ??= new BodyMemo((most) => this.#outer?.bytes(most) ?? this.load(most))
    return this.#memo.bytes(limit)
  }

  with(change: Partial<CallChange>): Call {
    return new ChangedCall(this, change)
  }

  /** Reads the body once, without consuming it. */
  protected load(limit: number): Promise<Uint8Array> {
    return fromRequest(this.request).bytes(limit)
  }
}

/** Makes a call findable by the request it came from. */
export function remember(request: object, call: Call): void {
  calls.set(request, call)
}

/** The call an adapter has made of a request before. */
export function findCall(request: object): Call | undefined {
  return calls.get(request)
}

/**
 * The call of a request, for code that has the request at hand.
 *
 * @throws HoldfastError `no-current-call` for a request no adapter has seen
 * @example
 * const account = callOf(request).facts.get(accountFact)
 */
export function callOf(request: object): Call {
  const call = calls.get(request)
  if (call === undefined) throw new HoldfastError('no-current-call', 'this request has no call; put the adapter round its handler')
  return call
}
