import { longestDelayMs, sleep } from '../core/clock.ts'
import type { Clock } from '../core/clock.ts'

/**
 * Waits, however long: in slices, since a timer's delay is a 32-bit number. Rejects with the signal's reason when it aborts first.
 */
export async function pause(clock: Clock, waitMs: number, signal?: AbortSignal): Promise<void> {
  for (let left = waitMs; left > 0; left -= longestDelayMs) await sleep(clock, Math.min(left, longestDelayMs), signal)
}
