import type { Random } from '../core/index.ts'

/**
 * Makes a source of chance that yields the same numbers for the same seed (mulberry32: 32 bits of state, plenty for tests,
 * useless for secrets).
 *
 * @example
 * seededRandom(7)() === seededRandom(7)() // true
 */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
