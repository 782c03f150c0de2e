import { perOrigin } from './per-origin.ts'

/** How long recent attempts took. */
export interface Latency {
  add(ms: number): void
  /** The given quantile of recent attempts, milliseconds; `undefined` before there are enough of them. */
  quantile(q: number): number | undefined
}

/** Enough for a 95th percentile, and few enough to forget within seconds under load. */
const kept = 64
const enough = 8

/** Makes an empty record of latencies. */
export function createLatency(): Latency {
  const ring = new Float64Array(kept)
  let count = 0
  return {
    add(ms) {
      ring[count++ % kept] = ms
    },
    quantile(q) {
      const size = Math.min(count, kept)
      if (size < enough) return undefined
      return ring.slice(0, size).toSorted()[Math.min(size - 1, Math.floor(q * size))]
    },
  }
}

/** Latencies of an origin, shared by the whole process. */
export const sharedLatency: (origin: string) => Latency = perOrigin('latencies', createLatency)
