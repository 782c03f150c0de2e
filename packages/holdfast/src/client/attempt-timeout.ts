import { defineFact } from '../core/facts.ts'
import type { FactKey } from '../core/facts.ts'
import { beforeCall } from '../core/policy.ts'
import type { Policy } from '../core/policy.ts'
import { complete } from '../retry/complete.ts'
import { optionsOf } from './call-options.ts'

/** The time for the head of one answer, milliseconds. */
export const attemptTimeoutFact: FactKey<number> = defineFact<number>('attempt-timeout')

/**
 * Gives each attempt a time in which the head of its answer must have come; it ends with `attempt-timeout` otherwise. Enforced where the
 * attempt is sent (`fetchThrough`), together with the deadline, so that both cost one timer.
 *
 * @example
 * const fetch = fetchThrough(stack(retry(), attemptTimeout({ attemptTimeoutMs: 2_000 })))
 */
export function attemptTimeout(options: { readonly attemptTimeoutMs?: number } = {}): Policy {
  const { attemptTimeoutMs } = complete({ attemptTimeoutMs: 10_000 }, options)
  return beforeCall((call) => {
    call.facts.set(attemptTimeoutFact, optionsOf(call).attemptTimeoutMs ?? attemptTimeoutMs)
    return call
  })
}
