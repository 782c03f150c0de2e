import { randomFillSync } from 'node:crypto'

/** Hashes the name of a counter into two signed 32-bit words, and leaves them in `words`; the first is never 0. */
export interface KeyHash {
  readonly words: Int32Array
  of(owner: string, counter: string): void
}

/**
 * Makes a hash under a random seed. Two keys share a counter with a chance of 2^-64, and who does not know the seed cannot look for such
 * two: it decides about every bit.
 */
export function createKeyHash(): KeyHash {
  const words = new Int32Array(2)
  const [first = 0, second = 0] = randomFillSync(new Int32Array(2))
  // An API has few counters, and calls of one kind follow one another.
  let lastCounter = ''
  let counterHigh = first
  let counterLow = second

  function hashCounter(counter: string): void {
    let high = second ^ counter.length
    let low = first
    for (let index = 0; index < counter.length; index++) {
      const code = counter.charCodeAt(index)
      high = Math.imul(high ^ code, 0x85ebca77)
      low = Math.imul(low ^ code, 0xc2b2ae3d)
    }
    counterHigh = high ^ (high >>> 15)
    counterLow = low ^ (low >>> 13)
    lastCounter = counter
  }

  hashCounter(lastCounter)
  return {
    words,
    of(owner, counter) {
      if (counter !== lastCounter) hashCounter(counter)
      // Two multiplicative hashes side by side: independent of each other, so the processor works at both at once.
      let high = first ^ owner.length
      let low = second
      for (let index = 0; index < owner.length; index++) {
        const code = owner.charCodeAt(index)
        high = Math.imul(high ^ code, 0x9e3779b1)
        low = Math.imul(low ^ code, 0x5f356495)
      }
      high = Math.imul(high ^ (high >>> 15) ^ counterHigh, 0x85ebca77)
      low = Math.imul(low ^ (low >>> 13) ^ counterLow, 0xc2b2ae3d)
      high = Math.imul(high ^ (high >>> 15) ^ (low >>> 16), 0x85ebca6b)
      low = Math.imul(low ^ (low >>> 13) ^ (high >>> 15), 0xc2b2ae35)
      high = Math.imul(high ^ (high >>> 13), 0x2c1b3c6d)
      high ^= high >>> 16
      words[0] = high === 0 ? 1 : high
      words[1] = low ^ (low >>> 16)
    },
  }
}
