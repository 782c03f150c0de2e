import { waitingClock } from '../core/clock.ts'
import type { Clock, Random } from '../core/clock.ts'
import { defineFact } from '../core/facts.ts'
import type { FactKey } from '../core/facts.ts'
import { sharedBudget } from './budget.ts'
import type { RetryBudget } from './budget.ts'
import { complete } from './complete.ts'
import type { Outcome, OutcomeClass, StopReason } from './outcome.ts'

/** An attempt that is followed by another one. */
export interface RetryEvent {
  readonly origin: string
  readonly method: string
  /** The attempt that failed, counted from 1. */
  readonly attempt: number
  readonly class: OutcomeClass
  readonly waitMs: number
}

/** A call that ends without success. */
export interface StopEvent {
  readonly origin: string
  readonly method: string
  readonly attempts: number
  readonly class: OutcomeClass
  readonly reason: StopReason
}

/** What may differ from call to call. */
export interface RetryRules {
  /** Attempts after the first. @default 2 */
  readonly retries?: number
  /** Says that a call may have its effect twice, though neither its method nor a key makes that harmless. @default false */
  readonly unsafe?: boolean
  /**
   * Asked before each retry that the rule allows; `false` prevents it. It cannot allow what the rule forbids: that is what `unsafe` is for.
   */
  readonly shouldRetry?: (outcome: Outcome, kind: OutcomeClass) => boolean
}

/** Everything the policy needs. */
export interface RetryOptions extends RetryRules {
  /** The upper end of the first wait, milliseconds; doubled for each retry after it. @default 100 */
  readonly baseMs?: number
  /** The same after a 429, milliseconds: a limit seldom passes in a tenth of a second. @default 1_000 */
  readonly limitedBaseMs?: number
  /** The upper end of every wait, milliseconds. @default 20_000 */
  readonly capMs?: number
  /** The longest Retry-After that is waited for, milliseconds; with a longer one the answer is returned at once. @default 60_000 */
  readonly longestHintMs?: number
  /** The budget of an origin. @default one of 100 tokens, shared by the process */
  readonly budget?: (origin: string) => RetryBudget
  readonly clock?: Clock
  readonly random?: Random
  readonly onRetry?: (event: RetryEvent) => void
  readonly onStop?: (event: StopEvent) => void
}

export type RetrySettings = Required<Omit<RetryOptions, 'shouldRetry' | 'onRetry' | 'onStop'>> &
  Pick<RetryOptions, 'shouldRetry' | 'onRetry' | 'onStop'>

/** What one call asks for instead of what the policies were made with. A client puts more into it than these rules. */
export const rulesFact: FactKey<RetryRules> = defineFact<RetryRules>('rules')

/**
 * Checks options and completes them.
 *
 * @throws HoldfastError `configuration-invalid`
 */
export function toRetrySettings(options: RetryOptions): RetrySettings {
  return complete(
    {
      retries: 2,
      unsafe: false,
      baseMs: 100,
      limitedBaseMs: 1_000,
      capMs: 20_000,
      longestHintMs: 60_000,
      budget: sharedBudget,
      clock: waitingClock,
      random: Math.random,
    },
    options,
  )
}
