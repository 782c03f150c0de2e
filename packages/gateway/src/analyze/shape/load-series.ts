/** How much came when: for charts and for finding spikes, in bounded memory. */
export interface LoadSeries {
  readonly bucketMs: number
  readonly startAt: number
  /** Requests of each bucket. */
  readonly counts: readonly number[]
  /** Requests in the busiest second of each bucket. */
  readonly peaks: readonly number[]
}

/** Counts requests in the order of time. */
export interface LoadMeter {
  add(at: number): void
  series(): LoadSeries
  /** Requests in the busiest second, and a second on average in the busiest five seconds in a row. */
  peaks(): { readonly oneSecond: number; readonly fiveSeconds: number }
}

const most = 16_384

/** @param startAt the first instant, whole seconds */
export function createLoadMeter(startAt: number): LoadMeter {
  const start = Math.floor(startAt / 1000) * 1000
  let bucketMs = 1000
  let counts: number[] = []
  let peaks: number[] = []
  let second = 0
  let inSecond = 0
  let oneSecond = 0
  let fiveSeconds = 0
  const lastFive: number[] = []

  function endSecond(next: number): void {
    if (inSecond > oneSecond) oneSecond = inSecond
    const bucket = Math.floor((second * 1000) / bucketMs)
    if (inSecond > (peaks[bucket] ?? 0)) peaks[bucket] = inSecond
    for (let pushed = 0; pushed < Math.min(5, next - second); pushed++) {
      lastFive.push(pushed === 0 ? inSecond : 0)
      if (lastFive.length > 5) lastFive.shift()
      const sum = lastFive.reduce((total, count) => total + count, 0)
      if (sum > fiveSeconds) fiveSeconds = sum
    }
    inSecond = 0
    second = next
  }

  function widen(): void {
    bucketMs *= 2
    counts = halved(counts, (left, right) => left + right)
    peaks = halved(peaks, Math.max)
  }

  return {
    add(at) {
      const now = Math.max(second, Math.floor((at - start) / 1000))
      if (now !== second) endSecond(now)
      while ((now * 1000) / bucketMs >= most) widen()
      inSecond++
      const bucket = Math.floor((now * 1000) / bucketMs)
      counts[bucket] = (counts[bucket] ?? 0) + 1
    },
    series() {
      if (inSecond > 0) endSecond(second + 1)
      const length = Math.max(counts.length, peaks.length)
      const dense = (values: number[]): number[] => Array.from({ length }, (_, index) => values[index] ?? 0)
      return { bucketMs, startAt: start, counts: dense(counts), peaks: dense(peaks) }
    },
    peaks() {
      if (inSecond > 0) endSecond(second + 1)
      return { oneSecond, fiveSeconds: fiveSeconds / 5 }
    },
  }
}

function halved(values: readonly number[], join: (left: number, right: number) => number): number[] {
  return Array.from({ length: Math.ceil(values.length / 2) }, (_, index) => join(values[2 * index] ?? 0, values[2 * index + 1] ?? 0))
}

/** The same series in buckets of at least `bucketMs`. */
export function coarsen(series: LoadSeries, bucketMs: number): LoadSeries {
  const factor = Math.max(1, Math.ceil(bucketMs / series.bucketMs))
  if (factor === 1) return series
  const length = Math.ceil(series.counts.length / factor)
  const group = (values: readonly number[], index: number): readonly number[] => values.slice(index * factor, (index + 1) * factor)
  return {
    bucketMs: series.bucketMs * factor,
    startAt: series.startAt,
    counts: Array.from({ length }, (_, index) => group(series.counts, index).reduce((sum, count) => sum + count, 0)),
    peaks: Array.from({ length }, (_, index) => Math.max(0, ...group(series.peaks, index))),
  }
}
