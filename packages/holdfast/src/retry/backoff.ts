import type { Random } from '../core/clock.ts'

/** How waits grow. */
export interface Backoff {
  /** The upper end of the first wait, milliseconds. */
  readonly baseMs: number
  /** The upper end of every wait, milliseconds. */
  readonly capMs: number
}

/**
 * How long to wait before the n-th retry: uniform between 0 and `baseMs` doubled for each retry before it, at most `capMs` ("full jitter").
 * Of all shapes of jitter it needs the least work where callers contend, and about half the time of +-20 % round an exponential.
 *
 * @param retry counted from 1
 * @example
 * fullJitter({ baseMs: 100, capMs: 20_000 }, 3, () => 0.5) // 200
 */
export function fullJitter({ baseMs, capMs }: Backoff, retry: number, random: Random): number {
  return random() * Math.min(capMs, baseMs * 2 ** (retry - 1))
}
