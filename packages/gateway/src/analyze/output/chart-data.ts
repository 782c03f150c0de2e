import type { AnalysisReport } from '../analyze.ts'
import type { Analysis } from '../result.ts'
import { coarsen } from '../shape/load-series.ts'
import type { LoadSeries } from '../shape/load-series.ts'

/** The numbers under the charts: no text of the log is among them. */
export interface ChartData {
  /** Seconds since 1970, then the busiest second of each bucket before and after. */
  readonly load: readonly [readonly number[], readonly number[], readonly number[]]
  readonly capacity: number
  /** One for each plan: rates a second, and the bursts that half, 99 %, the target and all of the accounts need. */
  readonly envelopes: readonly (readonly (readonly number[])[])[]
  /** Index of the chosen rates of each plan, and their bursts. */
  readonly chosen: readonly (readonly (readonly [number, number])[])[]
}

/** As many as a screen is wide. */
const mostBuckets = 1200

export function chartData({ plans, capacity }: Analysis, { before, after }: AnalysisReport['load']): ChartData {
  const total = Math.max(before.series.counts.length * before.series.bucketMs, after.series.counts.length * after.series.bucketMs)
  const bucketMs = Math.max(before.series.bucketMs, after.series.bucketMs, total / mostBuckets)
  const [left, right] = [sameBuckets(before.series, bucketMs), sameBuckets(after.series, bucketMs)]
  const length = Math.max(left.peaks.length, right.peaks.length)
  const dense = (values: readonly number[]): number[] => Array.from({ length }, (_, index) => values[index] ?? 0)
  const times = Array.from({ length }, (_, index) => (left.startAt + index * left.bucketMs) / 1000)
  return {
    load: [times, dense(left.peaks), dense(right.peaks)],
    capacity: capacity.perSecond,
    envelopes: plans.map(({ envelope }) => [
      envelope.map(({ limit, windowSeconds }) => limit / windowSeconds),
      ...(['median', 'p99', 'burst', 'highest'] as const).map((name) => envelope.map((point) => point[name])),
    ]),
    chosen: plans.map(({ limits, envelope }) =>
      limits.map(({ limit, windowSeconds, burst }) => [
        envelope.findIndex((point) => point.limit === limit && point.windowSeconds === windowSeconds),
        burst,
      ]),
    ),
  }
}

/** Buckets widen by doubling, so that those of one series are a whole number of those of the other. */
function sameBuckets(series: LoadSeries, bucketMs: number): LoadSeries {
  let wide = series.bucketMs
  while (wide < bucketMs) wide *= 2
  return coarsen(series, wide)
}
