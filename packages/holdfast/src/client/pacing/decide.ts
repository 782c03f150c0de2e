import type { Standing } from './fields.ts'

/** The pace under one limit. Instants are on one monotonic clock, milliseconds. */
export interface Pace {
  /** When the next call may go. */
  nextAt: number
  /** What lies between two calls. */
  intervalMs: number
  /** When this is no longer known. */
  endsAt: number
}

/** A longer wait is not believed: one call goes now and then to see. */
const longestMs = 600_000
const probeMs = 60_000

/** How close together calls go that waited for a limit of which no more is known than that it is used up. */
const closestMs = 100

/**
 * What a standing means for the next calls. While more than half is left they go as they come; below that they are spread over the time until
 * there is more, so that none is refused. `before` is what was known: a turn that was given stays given.
 */
export function toPace({ remaining, resetMs, capacity }: Standing, now: number, before: Pace | undefined): Pace | undefined {
  if (remaining > 0 && (resetMs > longestMs || (capacity !== undefined && remaining > capacity / 2))) return undefined
  const waitMs = resetMs > longestMs ? probeMs : resetMs
  const nextAt = remaining > 0 ? now : now + waitMs
  const intervalMs = remaining > 0 ? waitMs / remaining : Math.max(closestMs, before?.intervalMs ?? 0)
  return { nextAt: Math.max(nextAt, Math.min(before?.nextAt ?? 0, nextAt + waitMs)), intervalMs, endsAt: now + 2 * waitMs + intervalMs }
}

/** How long a call waits for its turn under all limits, milliseconds. Does not take the turn. */
export function turnOf(paces: Iterable<Pace>, now: number): number {
  let waitMs = 0
  for (const { nextAt, endsAt } of paces) if (endsAt > now) waitMs = Math.max(waitMs, nextAt - now)
  return waitMs
}

/** Takes a turn: the next call waits for the one after it. */
export function takeTurn(paces: Iterable<Pace>, at: number): void {
  for (const pace of paces) pace.nextAt = Math.max(pace.nextAt, at) + pace.intervalMs
}
