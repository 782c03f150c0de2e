/** What most of the recent calls have taken at least. */
export interface LeastTime {
  /** One call has been answered. Instants are milliseconds on one monotonic clock. */
  add(tookMs: number, now: number): void
  /** Nine in ten of the recent calls took longer; 0 where that is not known, or has not been seen for a while: then a call is to go and see. */
  at(now: number): number
}

const kept = 64
const fewest = 16
/** Sorting at each answer would cost more than it tells. */
const everyAnswers = 16
const share = 0.1
const freshMs = 1_000

/** Makes an empty one. */
export function createLeastTime(): LeastTime {
  const ring = new Float64Array(kept)
  let count = 0
  let leastMs = 0
  let seenAt = 0
  return {
    add(tookMs, now) {
      ring[count++ % kept] = tookMs
      seenAt = now
      if (count % everyAnswers !== 0 || count < fewest) return
      const sorted = ring.slice(0, Math.min(count, kept)).sort()
      leastMs = sorted[Math.floor(share * sorted.length)] as number
    },
    at(now) {
      if (now - seenAt <= freshMs) return leastMs
      // Once for each while: what takes long would let all others through until it is done.
      seenAt = now
      return 0
    },
  }
}
