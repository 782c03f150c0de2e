import { HoldfastError, defineFact, findCurrentCall, isHoldfastError } from '../core/index.ts'
import type { Call, FactKey } from '../core/index.ts'
import type { Disposition } from './options.ts'
import type { Guarantee } from './store.ts'

/**
 * Statuses that say the call was not carried out, for a reason that may pass: who asks, how often, in which order. Recording
 * them would turn a passing refusal into a final one.
 */
const passing = new Set([401, 403, 407, 408, 409, 412, 421, 423, 425, 428, 429])

/** Decides what becomes of the key after an answer with this status. */
export function decideDisposition(
  status: number,
  guarantee: Guarantee,
  overrides: Readonly<Record<number, Disposition>> = {},
): Disposition {
  const override = overrides[status]
  if (override !== undefined) return override
  if (passing.has(status)) return 'release'
  // An at-most-once run that failed may have had its effect; only a recorded failure keeps a retry from having a second one. Others leave none, or may run again.
  return status >= 500 && guarantee !== 'at-most-once' ? 'release' : 'record'
}

const retryableFact: FactKey<boolean> = defineFact<boolean>('retryable')

/**
 * Thrown by a handler that failed and knows it had no effect: the key is released, and a retry runs.
 *
 * It marks the current call when it is made, because Express and its like turn a throw into a 500 before any policy sees it.
 *
 * @example
 * if (!connected) throw new Retryable('the payment provider refused the connection')
 */
export class Retryable extends HoldfastError {
  /** What frameworks answer with. */
  readonly status: number = 503
  readonly statusCode: number = 503

  constructor(message: string, options?: ErrorOptions) {
    super('retryable', message, options)
    findCurrentCall()?.facts.set(retryableFact, true)
  }
}

/**
 * Whether the handler of a call declared that it failed without an effect. Where its error is known it speaks for itself: the mark
 * may come from one that was caught, before the handler tried something else.
 */
export function isRetryable(call: Call, error?: unknown): boolean {
  return error === undefined ? call.facts.get(retryableFact) === true : isHoldfastError(error) && error.code === 'retryable'
}
