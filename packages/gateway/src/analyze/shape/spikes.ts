import { findSegments } from './change-points.ts'
import type { Segment } from './change-points.ts'
import { coarsen } from './load-series.ts'
import type { LoadSeries } from './load-series.ts'

/** A time during which far more came than around it. */
export interface Period {
  readonly from: number
  readonly to: number
}

/** PELT takes time with the square of the number of changes; more values than this add nothing. */
const mostValues = 4096
/** Two people on a page double the load of a small service, and a day doubles it from morning to noon. */
const timesUsual = 3

/** The length of the pieces in which spikes are looked for: they begin and end up to one earlier or later than found. */
export function spikeEdgeMs({ counts, bucketMs }: LoadSeries): number {
  return Math.max(10_000, (counts.length * bucketMs) / mostValues)
}

/**
 * Finds the times that stand out from the load around them: three times the usual level of the hours around, and more than noise could do.
 * A day that rises towards noon does not stand out.
 */
export function findSpikes(series: LoadSeries): readonly Period[] {
  const { counts, bucketMs, startAt } = coarsen(series, spikeEdgeMs(series))
  // Anscombe: the square root of a count has about the same noise at every level.
  const roots = counts.map((count) => 2 * Math.sqrt(count + 3 / 8))
  const segments = findSegments(roots)
  const spikes = segments.filter((segment) => isSpike(segment, segments, roots.length))
  return joined(spikes.map(({ from, to }) => ({ from: startAt + from * bucketMs, to: startAt + to * bucketMs })))
}

function isSpike(segment: Segment, segments: readonly Segment[], length: number): boolean {
  const usual = levelAround(segment, segments, length)
  const rate = rateOf(segment.level)
  return rate > timesUsual * rateOf(usual) && segment.level - usual > 6
}

function rateOf(root: number): number {
  return (root / 2) ** 2
}

/** The level that half of the time around a segment is at or below. */
function levelAround(segment: Segment, segments: readonly Segment[], length: number): number {
  const reach = Math.max(length / 4, 3 * (segment.to - segment.from))
  const around = segments
    .map(({ from, to, level }) => ({ level, weight: Math.min(to, segment.to + reach) - Math.max(from, segment.from - reach) }))
    .filter(({ weight }) => weight > 0)
    .toSorted((left, right) => left.level - right.level)
  const half = around.reduce((sum, { weight }) => sum + weight, 0) / 2
  let sum = 0
  for (const { level, weight } of around) {
    sum += weight
    if (sum >= half) return level
  }
  return segment.level
}

function joined(periods: readonly Period[]): readonly Period[] {
  const result: Period[] = []
  for (const period of periods) {
    const last = result.at(-1)
    if (last !== undefined && period.from <= last.to) result[result.length - 1] = { from: last.from, to: period.to }
    else result.push(period)
  }
  return result
}
