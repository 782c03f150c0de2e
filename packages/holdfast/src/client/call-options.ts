import type { Facts } from '../core/facts.ts'
import { complete } from '../retry/complete.ts'
import { rulesFact } from '../retry/options.ts'
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
  complete({ retries: 0, deadlineMs: 0, attemptTimeoutMs: 0 }, options)
  facts.set(rulesFact, options)
}
