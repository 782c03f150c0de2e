import type { Facts } from '../core/facts.ts'
import { assertNumbers, rulesFact } from '../retry/options.ts'
import type { CallOptions } from './types.ts'

const none: CallOptions = {}

/** What one call asks for. */
export function optionsOf({ facts }: { readonly facts: Facts }): CallOptions {
  return (facts.get(rulesFact) as CallOptions | undefined) ?? none
}

/**
 * Tells the policies what one call asks for.
 *
 * @throws HoldfastError `configuration-invalid`
 */
export function applyCallOptions({ facts }: { readonly facts: Facts }, options: CallOptions): void {
  assertNumbers(options, ['retries', 'deadlineMs', 'attemptTimeoutMs'])
  facts.set(rulesFact, options)
}
