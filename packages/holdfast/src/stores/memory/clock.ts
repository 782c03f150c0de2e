import type { Clock } from '../../core/index.ts'
import { systemClock } from '../../core/index.ts'

/**
 * Epoch time that only moves forward: a wall clock that jumps back must not revive a lease, nor one that jumps ahead end it.
 * It still counts from the epoch, because keys say in epoch time when they were made.
 */
export const monotonicClock: Clock = {
  now: () => Math.trunc(performance.timeOrigin + performance.now()),
  after: systemClock.after,
}

/**
 * Wall time that never goes back: half as dear to read as the one above. A jump ahead fills limits once, and is over.
 */
export function clampedClock(): Clock {
  let latest = 0
  return {
    now() {
      const now = Date.now()
      if (now > latest) latest = now
      return latest
    },
    after: systemClock.after,
  }
}
