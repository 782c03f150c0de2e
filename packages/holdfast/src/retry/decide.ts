import type { Random } from '../core/clock.ts'
import { fullJitter } from './backoff.ts'
import type { OutcomeClass, StopReason } from './outcome.ts'

/** What the rule for a repeat looks at, after an attempt that was not `ok`. */
export interface Attempted {
  readonly class: Exclude<OutcomeClass, 'ok'>
  /** Attempts that count towards the limit, this one included. */
  readonly attempts: number
  readonly mostAttempts: number
  /** Whether the call may have its effect twice without harm: safe or idempotent by method, keyed, or declared so. */
  readonly isRepeatable: boolean
  /** Whether the same bytes can be sent again. */
  readonly isBodyIntact: boolean
  /** What the server asks to wait, milliseconds. */
  readonly hintMs: number | undefined
  /** The longest wait that is honoured, milliseconds. */
  readonly longestHintMs: number
  readonly baseMs: number
  readonly capMs: number
  /** The time left, milliseconds. */
  readonly remainingMs: number
  /** How long an attempt usually takes, milliseconds. */
  readonly usualMs: number
}

/** What to do after an attempt. `retryAfterMs` is what the server asked for where that is too long to wait. */
export type RetryVerdict =
  | { readonly kind: 'retry'; readonly waitMs: number }
  | { readonly kind: 'stop'; readonly reason: StopReason; readonly retryAfterMs?: number }

/** An attempt with less time than this cannot be answered by anything that is not on the same machine. */
const shortestAttemptMs = 10

/**
 * The rule for a repeat. A wait that would not leave the time for an attempt is not waited out, and a hint is never undercut: jitter comes
 * on top of it, so that callers turned away together do not come back together.
 */
export function decideRetry(state: Attempted, random: Random): RetryVerdict {
  if (state.class === 'final') return stop('final')
  if (state.remainingMs <= 0) return stop('deadline')
  if (state.class === 'maybe' && !state.isRepeatable) return stop('unsafe')
  // An answer that is still being made is asked for until the deadline; but who wants no retries gets none.
  if (state.attempts >= state.mostAttempts && (state.class !== 'in-progress' || state.mostAttempts <= 1)) return stop('attempts')
  if (!state.isBodyIntact) return stop('body')
  const { hintMs, remainingMs } = state
  if (hintMs !== undefined && hintMs > Math.min(state.longestHintMs, remainingMs))
    return { kind: 'stop', reason: 'retry-after', retryAfterMs: hintMs }
  const waitMs = hintMs === undefined ? fullJitter(state, state.attempts, random) : hintMs + random() * Math.max(state.baseMs, hintMs / 10)
  if (waitMs + Math.max(shortestAttemptMs, state.usualMs) > remainingMs)
    return { kind: 'stop', reason: 'deadline', ...(hintMs !== undefined && { retryAfterMs: hintMs }) }
  return { kind: 'retry', waitMs }
}

/** No further attempt, and why. */
export function stop(reason: StopReason): RetryVerdict {
  return { kind: 'stop', reason }
}
