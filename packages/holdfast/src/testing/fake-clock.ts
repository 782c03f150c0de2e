import type { Clock } from '../core/index.ts'

/** A clock that stands still until it is told to move. */
export interface FakeClock extends Clock {
  /** Moves time forward, running each timer that falls due at its own instant, in order; timers set meanwhile included. */
  advance(ms: number): void
  /** How many timers are waiting. */
  readonly pending: number
}

interface Timer {
  readonly at: number
  readonly action: () => void
}

/**
 * Makes a clock for tests.
 *
 * @param startAt what it shows first, milliseconds since the epoch
 *
 * @example
 * const clock = fakeClock()
 * clock.after(250, () => console.log('a quarter of a second later'))
 * clock.advance(250)
 */
export function fakeClock(startAt: number = Date.UTC(2026, 0, 1)): FakeClock {
  let now = startAt
  const timers = new Set<Timer>()

  function nextDue(until: number): Timer | undefined {
    let next: Timer | undefined
    // Strictly earlier only: of two timers due at one instant, the one set first runs first.
    for (const timer of timers) if (timer.at <= until && (next === undefined || timer.at < next.at)) next = timer
    return next
  }

  return {
    now: () => now,
    after(delayMs, action) {
      const timer: Timer = { at: now + Math.max(0, delayMs), action }
      timers.add(timer)
      return () => void timers.delete(timer)
    },
    advance(ms) {
      const until = now + ms
      for (let timer = nextDue(until); timer !== undefined; timer = nextDue(until)) {
        timers.delete(timer)
        now = timer.at
        timer.action()
      }
      now = until
    },
    get pending() {
      return timers.size
    },
  }
}
