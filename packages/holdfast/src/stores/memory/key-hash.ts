import { randomFillSync } from 'node:crypto'

/** Hashes the name of a counter into two 32-bit words; the first is never 0. */
export interface KeyHash {
  high: number
  low: number
  /** Sets both words. */
  of(owner: string, counter: string): void
}

/**
 * Makes a hash under a random seed. Two keys share a counter with a chance of 2^-64, and nobody outside the process can find such two:
 * what the words are depends on the seed.
 */
export function createKeyHash(): KeyHash {
  const seeds = randomFillSync(new Uint32Array(2))
  const [first, second] = [seeds[0] as number, seeds[1] as number]
  return {
    high: 0,
    low: 0,
    of(owner, counter) {
      // Two multiplicative hashes side by side: independent of each other, so the processor runs both at once.
      let high = first ^ owner.length
      let low = second
      for (let index = 0; index < owner.length; index++) {
        const code = owner.charCodeAt(index)
        high = Math.imul(high ^ code, 0x9e3779b1)
        low = Math.imul(low ^ code, 0x5f356495)
        high ^= high >>> 15
        low ^= low >>> 13
      }
      for (let index = 0; index < counter.length; index++) {
        const code = counter.charCodeAt(index)
        high = Math.imul(high ^ code, 0x85ebca77)
        low = Math.imul(low ^ code, 0xc2b2ae3d)
        high ^= high >>> 15
        low ^= low >>> 13
      }
      high = Math.imul(high ^ (low >>> 16), 0x85ebca6b)
      low = Math.imul(low ^ (high >>> 13), 0xc2b2ae35)
      high ^= high >>> 16
      this.high = high >>> 0 || 1
      this.low = (low ^ (low >>> 16)) >>> 0
    },
  }
}
