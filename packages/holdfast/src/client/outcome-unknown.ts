import { HoldfastError } from '../core/errors.ts'
import type { CallOptions } from './types.ts'

/**
 * A call was sent, and it is not known whether it took effect: its answer was lost, and could not be had by sending the call again. `cause` is
 * the last failure.
 *
 * With a key the call can be settled later: `resolve()` sends it again and gets the one answer; `lookUpKey` asks without sending it, also
 * from another process that knows the key. Without a key nobody can tell.
 *
 * @example
 * try {
 *   await fetch(url, { method: 'POST', body })
 * } catch (error) {
 *   if (!isOutcomeUnknown(error)) throw error
 *   const response = await error.resolve({ deadlineMs: 60_000 })
 * }
 */
export class OutcomeUnknown extends HoldfastError {
  /** The key all attempts carried; `undefined` when there was none. */
  declare readonly key: string | undefined
  declare readonly url: string
  readonly #resend: (options: CallOptions | undefined) => Promise<Response>

  constructor(
    { method, url, key }: { readonly method: string; readonly url: string; readonly key: string | undefined },
    cause: unknown,
    resend: (options: CallOptions | undefined) => Promise<Response>,
  ) {
    super('outcome-unknown', `it is not known whether this ${method} took effect`, { cause })
    Object.assign(this, { name: 'OutcomeUnknown', key, url })
    this.#resend = resend
  }

  /**
   * Sends the call again under the same key: its effect happens once, and the answer is that of the attempt that had it. Rejects with
   * another `OutcomeUnknown` when that fails too.
   *
   * @throws HoldfastError `outcome-unknown` without a key, or when the body is gone
   */
  async resolve(options?: CallOptions): Promise<Response> {
    return this.#resend(options)
  }
}

/** Tells whether a value is an `OutcomeUnknown`, from whichever copy of the package. */
export function isOutcomeUnknown(value: unknown): value is OutcomeUnknown {
  return (value as OutcomeUnknown | undefined)?.name === 'OutcomeUnknown'
}
