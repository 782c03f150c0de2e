import { defineFact } from '../core/facts.ts'
import type { FactKey } from '../core/facts.ts'
import type { Policy } from '../core/policy.ts'
import { assertDuration } from './deadline.ts'

/** The time for the head of one answer, milliseconds. */
export const attemptTimeoutFact: FactKey<number> = defineFact<number>('attempt-timeout')

/**
 * Gives each attempt a time in which the head of its answer must have come; it ends with `attempt-timeout` otherwise. Enforced where the
 * attempt is sent (`fetchThrough`), together with the deadline, so that both cost one timer.
 *
 * @example
 * const fetch = fetchThrough(stack(retry(), attemptTimeout({ timeoutMs: 2_000 })))
 */
export function attemptTimeout({ timeoutMs = 10_000 }: { readonly timeoutMs?: number } = {}): Policy {
  assertDuration('timeoutMs', timeoutMs)
  return function attemptTimeout(call, next) {
    if (call.facts.get(attemptTimeoutFact) === undefined) call.facts.set(attemptTimeoutFact, timeoutMs)
    return next(call)
  }
}
