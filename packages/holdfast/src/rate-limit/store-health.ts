import type { Random } from '../core/index.ts'

/** How a store has answered of late. */
export interface StoreHealth {
  /** Whether calls are decided without it. */
  readonly isAway: boolean
  /** Failures since the last answer. */
  readonly inRow: number
  /** When the counts of this second began, and what they are. */
  readonly secondAt: number
  readonly answers: number
  readonly failures: number
  /** While it is away: when it may be looked at next. */
  readonly lookAt: number
  /** How long it was left alone last; 0 when never. */
  readonly leftAloneMs: number
  /** When it came back last. */
  readonly backAt: number
}

/** A store nothing is known of: it is trusted. */
export const wellStore: StoreHealth = {
  isAway: false,
  inRow: 0,
  secondAt: 0,
  answers: 0,
  failures: 0,
  lookAt: 0,
  leftAloneMs: 0,
  backAt: Number.NEGATIVE_INFINITY,
}

const secondMs = 1_000
/** So many in a row are no coincidence. */
const mostInRow = 5
/** Half of fewer answers in a second than this says nothing. */
const enoughAnswers = 10
const firstPauseMs = 1_000
const longestPauseMs = 30_000
/** Of the pause; processes that lost a store together must not all come back to it together. */
const jitterShare = 0.2

/** After an answer. Only a look ends an absence: an answer that was on its way when the store went says nothing. */
export function answered(health: StoreHealth, now: number, wasLook: boolean): StoreHealth {
  const counted = inSecond(health, now)
  if (!health.isAway) return { ...counted, answers: counted.answers + 1, inRow: 0 }
  return wasLook ? { ...counted, isAway: false, answers: counted.answers + 1, inRow: 0, backAt: now } : health
}

/**
 * After a failure. The first makes the store absent, so that only one caller has to wait for it, and the next call looks at it at once.
 * Five in a row, or half of a second's answers, leave it alone for a second; twice as long each time that it did not stay well for as long as
 * it had been left alone, up to half a minute.
 */
export function failed(health: StoreHealth, now: number, random: Random): StoreHealth {
  const counted = inSecond(health, now)
  const inRow = health.inRow + 1
  const failures = counted.failures + 1
  const all = failures + counted.answers
  const next = { ...counted, isAway: true, inRow, failures }
  if (isLeftAlone(health, now)) return next
  if (inRow < mostInRow && (all < enoughAnswers || failures * 2 < all)) return { ...next, lookAt: now }
  const stayedWell = !health.isAway && now - health.backAt > health.leftAloneMs
  const leftAloneMs = stayedWell || health.leftAloneMs === 0 ? firstPauseMs : Math.min(health.leftAloneMs * 2, longestPauseMs)
  return { ...next, leftAloneMs, lookAt: now + leftAloneMs * (1 - jitterShare / 2 + jitterShare * random()) }
}

/** Whether nothing at all is sent to the store. */
export function isLeftAlone({ isAway, lookAt }: StoreHealth, now: number): boolean {
  return isAway && now < lookAt
}

function inSecond(health: StoreHealth, now: number): StoreHealth {
  return now - health.secondAt < secondMs && now >= health.secondAt ? health : { ...health, secondAt: now, answers: 0, failures: 0 }
}
