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
