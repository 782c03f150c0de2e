import type { Random } from '../../core/clock.ts'
import type { OutcomeClass } from '../../retry/outcome.ts'

/** What is known of one endpoint. Instants are on one monotonic clock, milliseconds. */
export interface Health {
  /** Failures in a row. */
  failures: number
  /** How often it was ejected in a row. */
  ejections: number
  /** Until when nothing is sent to it; 0 when it is not ejected. */
  until: number
  /** Whether the one call that finds out whether it is back is under way. */
  isProbing: boolean
}

/** When an endpoint is ejected, and for how long. */
export interface HealthRules {
  /** Failures in a row that eject it. */
  readonly failures: number
  /** For how long the first time, milliseconds; each further time in a row so much longer. */
  readonly ejectMs: number
  /** The longest, milliseconds. */
  readonly longestEjectMs: number
}

/** An endpoint of which nothing bad is known. */
export function healthy(): Health {
  return { failures: 0, ejections: 0, until: 0, isProbing: false }
}

/** Whether a call may be sent. After an ejection one call may, to find out. */
export function isOpen(health: Health, now: number): boolean {
  return health.until === 0 || (now >= health.until && !health.isProbing)
}

/** A call is sent. */
export function begin(health: Health): void {
  if (health.until !== 0) health.isProbing = true
}

/**
 * A call has ended. Failures that may be the endpoint's count, answers of any other kind set it right; `undefined` tells nothing, as when the
 * caller gave up. `mayEject` is false where others need it to stay.
 */
export function settle(
  health: Health,
  kind: OutcomeClass | undefined,
  now: number,
  rules: HealthRules,
  random: Random,
  mayEject = true,
): void {
  const wasProbe = health.isProbing
  health.isProbing = false
  if (kind === undefined) return
  if (kind !== 'not-sent' && kind !== 'maybe') {
    // What was sent before the ejection says nothing about now.
    if (health.until === 0 || wasProbe) Object.assign(health, healthy())
    return
  }
  health.failures += 1
  if (!wasProbe && (health.until !== 0 || health.failures < rules.failures || !mayEject)) return
  health.ejections += 1
  health.failures = 0
  // Jitter keeps processes that lost an endpoint together from coming back to it together.
  health.until = now + Math.min(rules.ejectMs * health.ejections, rules.longestEjectMs) * (1 + random() / 10)
}
