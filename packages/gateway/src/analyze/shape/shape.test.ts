import fc from 'fast-check'
import { compileLimit, take } from 'holdfast/rate-limit'
import type { MeterState } from 'holdfast/rate-limit'
import { describe, expect, it } from 'vitest'
import { findSegments } from './change-points.ts'
import { percent, toConfidence } from './confidence.ts'
import { createEnvelopes } from './envelope.ts'
import { coarsen, createLoadMeter } from './load-series.ts'
import { findOutliers } from './outliers.ts'
import { rateGrid, toRate } from './rates.ts'
import { findSpikes } from './spikes.ts'

/** Whether the limiter admits all of it. */
function admitsAll(limit: number, windowSeconds: number, burst: number, requests: readonly { at: number; cost: number }[]): boolean {
  const meter = compileLimit({ name: 'x', limit, windowSeconds, burst }).meterAt(0)
  let state: MeterState | undefined
  return requests.every(({ at, cost }) => {
    const { admitted, writes } = take([{ owner: '', counter: '', meter, cost, shadow: false }], [state], at)
    state = writes[0] ?? state
    return admitted
  })
}

describe('the envelope', () => {
  it('is the smallest burst with which the limiter refuses nothing', () => {
    const requests = fc
      .array(fc.record({ gap: fc.nat(90_000), cost: fc.integer({ min: 1, max: 5 }) }), { minLength: 1, maxLength: 60 })
      .map((steps) => {
        let at = 807_256_800_000
        return steps.map(({ gap, cost }) => ({ at: (at += gap), cost }))
      })
    fc.assert(
      fc.property(requests, fc.constantFrom(...rateGrid(20)), (all, rate) => {
        const envelopes = createEnvelopes([rate], 1)
        for (const { at, cost } of all) envelopes.add(0, at, cost)
        const burst = envelopes.burst(0, 0)
        expect(admitsAll(rate.limit, rate.windowSeconds, burst, all)).toBe(true)
        if (burst > 1) expect(admitsAll(rate.limit, rate.windowSeconds, burst - 1, all)).toBe(false)
      }),
      { numRuns: 300 },
    )
  })

  it('keeps what came first and what came later apart, and the highest of both', () => {
    const envelopes = createEnvelopes([toRate(1, 60)], 2)
    for (let index = 0; index < 5; index++) envelopes.add(1, 1000, 1)
    envelopes.beginSecondPart()
    for (let index = 0; index < 3; index++) envelopes.add(1, 3_600_000, 1)
    expect([envelopes.burstOfFirstPart(1, 0), envelopes.burstOfSecondPart(1, 0), envelopes.burst(1, 0), envelopes.burst(0, 0)]).toEqual([
      5, 3, 5, 0,
    ])
  })
})

describe('the confidence', () => {
  it('is the rule of three where none was throttled', () => {
    const found = toConfidence(6000, 0, 0.999)
    expect(found).toMatchObject({ bound: 0.0005, shown: true })
    expect(found.statement).toMatch(/95 % confidence fewer than 0.05 % of accounts are throttled \(rule of three, 3\/6000\)/)
  })

  it('grows with those that were throttled', () => {
    // The upper limits of a Poisson mean: 4.74 for one event, 6.30 for two, 10.51 for five.
    expect(toConfidence(1000, 1, 0.9).bound).toBeCloseTo(0.004_74, 5)
    expect(toConfidence(1000, 2, 0.9).bound).toBeCloseTo(0.006_3, 4)
    expect(toConfidence(1000, 5, 0.9).bound).toBeCloseTo(0.010_51, 5)
  })

  it('is no less than what is already seen, and no more than everybody', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5000 }), fc.nat(40), (accounts, seen) => {
        const throttled = Math.min(accounts, seen)
        const { bound } = toConfidence(accounts, throttled, 0.999)
        return bound <= 1 && bound >= throttled / accounts
      }),
    )
  })

  it('reads as people write shares', () => {
    expect([0.5, 0.0123, 0.001, 0.000_5, 0.994].map(percent)).toEqual(['50 %', '1.2 %', '0.1 %', '0.05 %', '99 %'])
  })
})

describe('the load', () => {
  it('has its busiest second and its busiest five seconds', () => {
    const meter = createLoadMeter(10_000)
    for (const second of [10, 10, 11, 14, 20, 20, 20, 26]) meter.add(second * 1000 + 5)
    expect(meter.peaks()).toEqual({ oneSecond: 3, fiveSeconds: 4 / 5 })
  })

  it('stays in bounded memory however long a log is, and loses no request', () => {
    const meter = createLoadMeter(0)
    for (let day = 0; day < 400; day++) for (let index = 0; index < 3; index++) meter.add(day * 86_400_000)
    const series = meter.series()
    expect(series.counts.length).toBeLessThanOrEqual(16_384)
    expect(series.counts.reduce((sum, count) => sum + count, 0)).toBe(1200)
    expect(Math.max(...series.peaks)).toBe(3)
    const coarse = coarsen(series, series.bucketMs * 7)
    expect(coarse.counts.reduce((sum, count) => sum + count, 0)).toBe(1200)
  })
})

describe('a spike', () => {
  function spikesOf(rate: (second: number) => number, seconds: number) {
    const meter = createLoadMeter(0)
    let seed = 1
    for (let second = 0; second < seconds; second++) {
      // Noise of about a third of the rate, the same in every run.
      seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0
      const count = Math.round(rate(second) * (0.7 + 0.6 * (seed / 2 ** 32)))
      for (let index = 0; index < count; index++) meter.add(second * 1000)
    }
    return findSpikes(meter.series())
  }

  it('is found from its beginning to its end', () => {
    const spikes = spikesOf((second) => (second >= 7200 && second < 7800 ? 60 : 4), 20_000)
    expect(spikes).toHaveLength(1)
    expect(Math.abs((spikes[0]?.from ?? 0) - 7_200_000)).toBeLessThanOrEqual(10_000)
    expect(Math.abs((spikes[0]?.to ?? 0) - 7_800_000)).toBeLessThanOrEqual(10_000)
  })

  it('is no day that rises towards noon and falls again', () => {
    expect(spikesOf((second) => 6 - 4 * Math.cos((second / 43_200) * Math.PI * 2), 43_200)).toEqual([])
  })

  it('is nothing in steady noise', () => {
    expect(spikesOf(() => 5, 20_000)).toEqual([])
  })
})

describe('a change of level', () => {
  it('is found where it is', () => {
    const values = Array.from({ length: 300 }, (_, index) => (index < 100 ? 5 : index < 200 ? 12 : 7) + ((index * 7919) % 13) / 13)
    expect(findSegments(values).map(({ from }) => from)).toEqual([0, 100, 200])
  })

  it('gives segments that cover a series without gaps, whatever it holds', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 1000 }), { maxLength: 60 }), (values) => {
        const segments = findSegments(values)
        expect(segments[0]?.from ?? 0).toBe(0)
        expect(segments.at(-1)?.to ?? 0).toBe(values.length)
        for (const [index, segment] of segments.slice(1).entries()) expect(segment.from).toBe(segments[index]?.to)
      }),
      { numRuns: 50 },
    )
  })
})

describe('an account that stands out', () => {
  const find = (bursts: readonly (readonly number[])[]) =>
    findOutliers(
      bursts.map((_, account) => account),
      bursts[0]?.length ?? 0,
      (account, rate) => bursts[account]?.[rate] ?? 0,
    ).map(({ account }) => account)

  it('is far above the next one at two neighbouring rates', () => {
    expect(
      find([
        [500, 400],
        [20, 15],
        [18, 14],
        [17, 12],
        [3, 2],
      ]),
    ).toEqual([0])
    expect(
      find([
        [500, 15],
        [20, 15],
        [18, 14],
        [17, 12],
        [3, 2],
      ]),
    ).toEqual([])
  })

  it('may be one of several of different size', () => {
    expect(
      find([
        [5000, 4000],
        [300, 250],
        [20, 15],
        [18, 14],
        [17, 12],
      ]),
    ).toEqual([0, 1])
  })

  it('is not the first of many that thin out gradually, nor the largest of small ones', () => {
    expect(
      find([
        [100, 90],
        [45, 40],
        [20, 18],
        [9, 8],
        [4, 4],
      ]),
    ).toEqual([])
    expect(
      find([
        [9, 8],
        [2, 2],
        [1, 1],
        [1, 1],
        [1, 1],
      ]),
    ).toEqual([])
  })
})
