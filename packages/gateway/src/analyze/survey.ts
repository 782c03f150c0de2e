import type { Traffic } from './input/ingest.ts'
import type { Progress } from './input/progress.ts'
import { createEnvelopes } from './shape/envelope.ts'
import type { Envelopes } from './shape/envelope.ts'
import { createLoadMeter } from './shape/load-series.ts'
import type { LoadSeries } from './shape/load-series.ts'
import { rateGrid } from './shape/rates.ts'
import { findSpikes } from './shape/spikes.ts'
import type { Period } from './shape/spikes.ts'

/** What two passes over all requests show. */
export interface Survey {
  readonly firstAt: number
  readonly lastAt: number
  readonly series: LoadSeries
  readonly busiestSecond: number
  /** The same without spikes. */
  readonly usualBusiestSecond: number
  readonly envelopes: Envelopes
  readonly spikes: readonly SpikeShape[]
}

/** A spike and who was in it. */
export interface SpikeShape extends Period {
  readonly requests: number
  readonly accounts: number
  readonly topAccount: number
  readonly topRequests: number
}

/** More than this are part of how the service is used. */
const mostSpikes = 20

/**
 * Looks at all requests: once for the load, and once for the bursts of each account and for who was in each spike.
 *
 * @param baseline if given, bursts outside of it do not count
 */
export function survey({ spool, accounts }: Traffic, baseline: Period | undefined, progress: Progress): Survey {
  const { series, busiestSecond, firstAt, lastAt } = measureLoad(spool.sorted(), spool.length, progress)
  const spikes = findSpikes(series).slice(0, mostSpikes)
  const numbers = accounts.list.length
  const envelopes = createEnvelopes(rateGrid(busiestSecond), numbers)
  const members = spikes.map(() => new Uint32Array(numbers))
  const [from, to] = baseline === undefined ? [firstAt, lastAt] : [Math.max(firstAt, baseline.from), Math.min(lastAt, baseline.to)]
  const thirdsAt = from + ((to - from) * 2) / 3
  let isSecondPart = false
  let spike = 0
  let done = 0
  for (const { at, account, cost, length } of spool.sorted()) {
    for (let index = 0; index < length; index++) {
      const now = at[index] as number
      const who = account[index] as number
      while (spike < spikes.length && now >= (spikes[spike] as Period).to) spike++
      const counts = members[spike]
      if (counts !== undefined && now >= (spikes[spike] as Period).from) counts[who] = (counts[who] as number) + 1
      if (now < from || now > to) continue
      if (!isSecondPart && now > thirdsAt) {
        envelopes.beginSecondPart()
        isSecondPart = true
      }
      envelopes.add(who, now, cost[index] as number)
    }
    progress.update('measuring bursts', (done += length) / spool.length)
  }
  return {
    firstAt,
    lastAt,
    series,
    busiestSecond,
    usualBusiestSecond: busiestOutside(series, spikes),
    envelopes,
    spikes: spikes.map((period, index) => ({ ...period, ...crowdOf(members[index] as Uint32Array) })),
  }
}

function measureLoad(batches: Iterable<{ readonly at: Float64Array; readonly length: number }>, total: number, progress: Progress) {
  let meter: ReturnType<typeof createLoadMeter> | undefined
  let firstAt = 0
  let lastAt = 0
  let done = 0
  for (const { at, length } of batches) {
    if (meter === undefined) {
      firstAt = at[0] as number
      meter = createLoadMeter(firstAt)
    }
    for (let index = 0; index < length; index++) meter.add(at[index] as number)
    lastAt = at[length - 1] as number
    progress.update('measuring load', (done += length) / total)
  }
  meter ??= createLoadMeter(0)
  return { series: meter.series(), busiestSecond: meter.peaks().oneSecond, firstAt, lastAt }
}

/** Of a log that is one spike from end to end there is nothing else to go by. */
function busiestOutside({ startAt, bucketMs, peaks }: LoadSeries, spikes: readonly Period[]): number {
  const usual = peaks.filter((_, index) => {
    const from = startAt + index * bucketMs
    return !spikes.some((spike) => from < spike.to && from + bucketMs > spike.from)
  })
  return highest(usual) || highest(peaks)
}

function highest(values: readonly number[]): number {
  return values.reduce((most, value) => Math.max(most, value), 0)
}

function crowdOf(counts: Uint32Array): Pick<SpikeShape, 'requests' | 'accounts' | 'topAccount' | 'topRequests'> {
  let requests = 0
  let accounts = 0
  let topAccount = 0
  for (let account = 0; account < counts.length; account++) {
    const count = counts[account] as number
    requests += count
    if (count > 0) accounts++
    if (count > (counts[topAccount] as number)) topAccount = account
  }
  return { requests, accounts, topAccount, topRequests: counts[topAccount] ?? 0 }
}
