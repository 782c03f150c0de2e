import type { Traffic } from './input/ingest.ts'
import type { Progress } from './input/progress.ts'
import { createEnvelopes } from './shape/envelope.ts'
import type { Envelopes } from './shape/envelope.ts'
import { createLoadMeter } from './shape/load-series.ts'
import type { LoadSeries } from './shape/load-series.ts'
import { rateGrid } from './shape/rates.ts'
import { findSpikes, spikeEdgeMs } from './shape/spikes.ts'
import type { Period } from './shape/spikes.ts'
import type { Batch } from './spool/batch.ts'

/** What two passes over all requests show. */
export interface Survey {
  readonly firstAt: number
  readonly lastAt: number
  readonly series: LoadSeries
  /** Tokens of a request on average. */
  readonly meanCost: number
  readonly envelopes: Envelopes
  readonly spikes: readonly SpikeShape[]
}

/** A spike and who was in it. */
export interface SpikeShape extends Period, Crowd {}

/** Who was in a spike. */
interface Crowd {
  readonly requests: number
  readonly accounts: number
  /** The busiest accounts in it, at most five, the busiest first. */
  readonly top: readonly { readonly account: number; readonly requests: number }[]
}

/** More than five cannot have a fifth of a spike each. */
const mostNamed = 5

/**
 * Looks at all requests: once for the load, and once for the bursts of each account and for who was in each spike.
 *
 * @param baseline if given, bursts outside of it do not count
 */
export function survey({ spool, accounts }: Traffic, baseline: Period | undefined, progress: Progress): Survey {
  const { series, busiestCost, meanCost, firstAt, lastAt } = measureLoad(spool.sorted(), spool.length, progress)
  const spikes = findSpikes(series)
  const numbers = accounts.list.length
  const envelopes = createEnvelopes(rateGrid(busiestCost), numbers)
  // Spikes do not overlap, so that one set of counts serves all.
  const counts = new Uint32Array(numbers)
  const crowds: Crowd[] = []
  const [from, to] = baseline === undefined ? [firstAt, lastAt] : [Math.max(firstAt, baseline.from), Math.min(lastAt, baseline.to)]
  const thirdsAt = from + ((to - from) * 2) / 3
  let isSecondPart = false
  let done = 0
  const endSpike = (): void => {
    crowds.push(crowdOf(counts))
    counts.fill(0)
  }
  for (const { at, account, cost, length } of spool.sorted()) {
    for (let index = 0; index < length; index++) {
      const now = at[index] as number
      const who = account[index] as number
      while (crowds.length < spikes.length && now >= (spikes[crowds.length] as Period).to) endSpike()
      if (crowds.length < spikes.length && now >= (spikes[crowds.length] as Period).from) counts[who] = (counts[who] as number) + 1
      if (now < from || now > to) continue
      if (!isSecondPart && now > thirdsAt) {
        envelopes.beginSecondPart()
        isSecondPart = true
      }
      envelopes.add(who, now, cost[index] as number)
    }
    progress.update('measuring bursts', (done += length) / spool.length)
  }
  while (crowds.length < spikes.length) endSpike()
  return {
    firstAt,
    lastAt,
    series,
    meanCost,
    envelopes,
    spikes: spikes.map((period, index) => ({ ...period, ...(crowds[index] as Crowd) })),
  }
}

/** Requests in the busiest second outside spikes, of accounts that behave. */
export function busiestUsualSecond(
  { spool }: Traffic,
  { firstAt, spikes }: Pick<Survey, 'firstAt' | 'spikes'>,
  abuse: ReadonlyMap<number, string>,
): number {
  const meter = createLoadMeter(firstAt)
  for (const { at, account, length } of spool.sorted())
    for (let index = 0; index < length; index++) if (!abuse.has(account[index] as number)) meter.add(at[index] as number)
  return busiestOutside(meter.series(), spikes)
}

function measureLoad(batches: Iterable<Batch>, total: number, progress: Progress) {
  let meter: ReturnType<typeof createLoadMeter> | undefined
  let firstAt = 0
  let lastAt = 0
  let done = 0
  let totalCost = 0
  let busiestCost = 0
  let second = 0
  let inSecond = 0
  for (const { at, cost, length } of batches) {
    if (meter === undefined) {
      firstAt = at[0] as number
      meter = createLoadMeter(firstAt)
    }
    for (let index = 0; index < length; index++) {
      const now = at[index] as number
      meter.add(now)
      const current = Math.floor(now / 1000)
      inSecond = (current === second ? inSecond : 0) + (cost[index] as number)
      second = current
      busiestCost = Math.max(busiestCost, inSecond)
      totalCost += cost[index] as number
    }
    lastAt = at[length - 1] as number
    progress.update('measuring load', (done += length) / total)
  }
  meter ??= createLoadMeter(0)
  return { series: meter.series(), busiestCost, meanCost: totalCost / Math.max(1, total), firstAt, lastAt }
}

/** Of a log that is one spike from end to end there is nothing else to go by. */
function busiestOutside(series: LoadSeries, spikes: readonly Period[]): number {
  const { startAt, bucketMs, peaks } = series
  const edge = spikeEdgeMs(series)
  const usual = peaks.filter((_, index) => {
    const from = startAt + index * bucketMs
    return !spikes.some((spike) => from < spike.to + edge && from + bucketMs > spike.from - edge)
  })
  return highest(usual) || highest(peaks)
}

function highest(values: readonly number[]): number {
  return values.reduce((most, value) => Math.max(most, value), 0)
}

function crowdOf(counts: Uint32Array): Crowd {
  let requests = 0
  let accounts = 0
  const top: { account: number; requests: number }[] = []
  for (let account = 0; account < counts.length; account++) {
    const count = counts[account] as number
    if (count === 0) continue
    requests += count
    accounts++
    if (top.length === mostNamed && count <= (top.at(-1)?.requests ?? 0)) continue
    top.push({ account, requests: count })
    top.sort((left, right) => right.requests - left.requests)
    if (top.length > mostNamed) top.pop()
  }
  return { requests, accounts, top }
}
