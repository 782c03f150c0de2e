import { HoldfastError } from '../core/errors.ts'
import type { CallOptions } from './types.ts'

/** What a server knows of a key, as its outcome look-up tells. */
export interface KeyOutcome {
  /** `done`: `status` and `location` are those of the answer. `absent`: no call with this key has had an effect. `unknown`: the server cannot tell either. */
  readonly state: 'done' | 'running' | 'unknown' | 'absent'
  readonly status?: number
  readonly location?: string
}

/** How a call can still be settled. */
export interface Settlement {
  readonly key: string | undefined
  resend(options: CallOptions | undefined): Promise<Response>
  lookUp(waitSeconds: number): Promise<KeyOutcome>
}

/**
 * A call was sent, and it is not known whether it took effect: its answer was lost, and could not be had by sending the call again. `cause` is
 * the last failure.
 *
 * With a key the call can be settled later, also by another process that knows the key: `resolve()` sends it again and gets the one answer,
 * `lookUp()` asks without sending it. Without a key nobody can tell.
 *
 * @example
 * try {
 *   await fetch(url, { method: 'POST', body })
 * } catch (error) {
 *   if (!isOutcomeUnknown(error)) throw error
 *   await save(error.key)
 *   const response = await error.resolve({ deadlineMs: 60_000 })
 * }
 */
export class OutcomeUnknown extends HoldfastError {
  /** The key all attempts carried; `undefined` when there was none. */
  readonly key: string | undefined
  readonly #settlement: Settlement

  constructor(method: string, settlement: Settlement, cause: unknown) {
    const { key } = settlement
    const next = key === undefined ? 'look the result up before repeating the call' : 'resolve() sends it again under the same key'
    super('outcome-unknown', `it is not known whether this ${method} took effect; ${next}`, { cause })
    this.name = 'OutcomeUnknown'
    this.key = key
    this.#settlement = settlement
  }

  /**
   * Sends the call again under the same key: its effect happens once, and the answer is that of the first attempt that had it. Rejects
   * with another `OutcomeUnknown` when that fails too.
   *
   * @throws HoldfastError `outcome-unknown` without a key, or when the body is gone
   */
  resolve(options?: CallOptions): Promise<Response> {
    if (this.key === undefined)
      return Promise.reject(new HoldfastError('outcome-unknown', 'a call without an idempotency key cannot be sent again safely'))
    return this.#settlement.resend(options)
  }

  /**
   * Asks the server what became of the key, without sending the call again. Waits up to `waitSeconds` for a call that is still running.
   *
   * @throws HoldfastError `outcome-unknown` without a key, or when the server has no such look-up
   */
  lookUp({ waitSeconds = 0 }: { readonly waitSeconds?: number } = {}): Promise<KeyOutcome> {
    if (this.key === undefined)
      return Promise.reject(new HoldfastError('outcome-unknown', 'a call without an idempotency key cannot be looked up'))
    return this.#settlement.lookUp(waitSeconds)
  }
}

/** Tells whether a value is an `OutcomeUnknown`, from whichever copy of the package. */
export function isOutcomeUnknown(value: unknown): value is OutcomeUnknown {
  return value instanceof Error && value.name === 'OutcomeUnknown' && 'resolve' in value
}
