import { defineFact } from '../core/facts.ts'
import type { FactKey } from '../core/facts.ts'
import { assertRetryRules, retryRulesFact } from '../retry/options.ts'
import type { Call } from '../core/call.ts'
import { attemptTimeoutFact } from './attempt-timeout.ts'
import { assertDuration, deadlineMsFact } from './deadline.ts'
import { keyFact } from './idempotency-key.ts'
import type { CallOptions } from './types.ts'

/** What one call asks for. */
export const callOptionsFact: FactKey<CallOptions> = defineFact<CallOptions>('call-options')

/**
 * Tells the policies what one call asks for.
 *
 * @throws HoldfastError `configuration-invalid`
 */
export function applyCallOptions({ facts }: Pick<Call, 'facts'>, options: CallOptions): void {
  const { key, deadlineMs, attemptTimeoutMs } = options
  assertRetryRules(options)
  assertDuration('deadlineMs', deadlineMs)
  assertDuration('attemptTimeoutMs', attemptTimeoutMs)
  facts.set(callOptionsFact, options)
  facts.set(retryRulesFact, options)
  if (key !== undefined) facts.set(keyFact, key)
  if (deadlineMs !== undefined) facts.set(deadlineMsFact, deadlineMs)
  if (attemptTimeoutMs !== undefined) facts.set(attemptTimeoutFact, attemptTimeoutMs)
}
