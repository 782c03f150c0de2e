import { medianAbsoluteDeviation } from 'simple-statistics'

/** A stretch of a series over which its level stays the same. */
export interface Segment {
  /** Index of the first value. */
  readonly from: number
  /** Index behind the last value. */
  readonly to: number
  readonly level: number
}

/**
 * Cuts a series where its level changes: PELT (Killick, Fearnhead and Eckley, 2012) with a normal cost of known spread. Expects about
 * normal noise, which counts have after a square root.
 */
export function findSegments(values: readonly number[]): readonly Segment[] {
  const length = values.length
  if (length === 0) return []
  const variance = noiseOf(values) ** 2
  // Twice the usual 2 log n: an ordinary day has many small changes, and only large ones matter here.
  const penalty = 4 * Math.log(Math.max(2, length)) * variance
  const sums = new Float64Array(length + 1)
  const squares = new Float64Array(length + 1)
  for (let at = 0; at < length; at++) {
    const value = values[at] as number
    sums[at + 1] = (sums[at] as number) + value
    squares[at + 1] = (squares[at] as number) + value * value
  }
  const cost = (from: number, to: number): number => {
    const sum = (sums[to] as number) - (sums[from] as number)
    return (squares[to] as number) - (squares[from] as number) - (sum * sum) / (to - from)
  }

  const best = new Float64Array(length + 1)
  const previous = new Int32Array(length + 1)
  best[0] = -penalty
  let candidates = [0]
  for (let to = 1; to <= length; to++) {
    let lowest = Number.POSITIVE_INFINITY
    for (const from of candidates) {
      const total = (best[from] as number) + cost(from, to) + penalty
      if (total < lowest) {
        lowest = total
        previous[to] = from
      }
    }
    best[to] = lowest
    candidates = candidates.filter((from) => (best[from] as number) + cost(from, to) <= lowest)
    candidates.push(to)
  }
  const segments: Segment[] = []
  for (let to = length; to > 0; to = previous[to] as number) {
    const from = previous[to] as number
    segments.unshift({ from, to, level: ((sums[to] as number) - (sums[from] as number)) / (to - from) })
  }
  return segments
}

/** The spread of the noise alone: differences of neighbours do not see changes of the level. */
function noiseOf(values: readonly number[]): number {
  if (values.length < 3) return 1
  const differences = values.slice(1).map((value, at) => value - (values[at] as number))
  // 1.4826 makes the deviation of a normal distribution of its median deviation; a difference has the noise of two values.
  return Math.max(0.25, (1.4826 * medianAbsoluteDeviation(differences)) / Math.SQRT2)
}
