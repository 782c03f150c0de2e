import { describe, expect, it } from 'vitest'
import { fitsBeside, remaining, settle, take, ttlMs, waitMs } from './decide.ts'
import { compileLimit } from './limit.ts'
import type { LimitNumbers } from './limit.ts'
import type { MeterState, TakeResult } from './record.ts'

const start = Date.UTC(2026, 0, 1)

/** One counter on its own, in virtual time. */
function counterOf(numbers: Partial<LimitNumbers> & { readonly limit: number }) {
  const { meterAt } = compileLimit({ name: 'it', ...numbers })
  let state: MeterState | undefined
  let now = start
  const ask = (cost = 1): TakeResult => {
    const decision = take([{ owner: 'a', counter: 'it', meter: meterAt(now), cost, shadow: false }], [state], now)
    state = decision.writes[0] ?? state
    return decision
  }
  return {
    ask,
    admit: (times: number, cost = 1) => Array.from({ length: times }, () => ask(cost)).filter(({ admitted }) => admitted).length,
    waitMs: (cost = 1) => waitMs(meterAt(now), ask(0).items[0]?.state ?? [], cost, now),
    remaining: () => remaining(meterAt(now), ask(0).items[0]?.state ?? []),
    state: () => state,
    at: (ms: number) => (now = start + ms),
    settle: (delta: number) => (state = settle({ owner: 'a', counter: 'it', meter: meterAt(now), delta }, state, start, now)),
    ttlMs: () => ttlMs(meterAt(now), state ?? [], now),
  }
}

const perMinute = { limit: 60, windowSeconds: 60, burst: 20 }

describe('a bucket', () => {
  it('admits its burst, and says when the next fits [R1]', () => {
    const bucket = counterOf(perMinute)
    expect(bucket.admit(21)).toBe(20)
    expect([bucket.waitMs(), bucket.remaining()]).toEqual([1_000, 0])
  })

  it('refills by the rate, and no more than the burst', () => {
    const bucket = counterOf(perMinute)
    bucket.admit(20)
    bucket.at(2_500)
    expect([bucket.remaining(), bucket.admit(5)]).toEqual([2, 2])
    bucket.at(3_600_000)
    expect(bucket.admit(50)).toBe(20)
  })

  it('charges nothing for refusals [R12]', () => {
    const bucket = counterOf({ limit: 10, windowSeconds: 10, burst: 10 })
    bucket.admit(10)
    const before = bucket.state()
    bucket.admit(1_000)
    expect(bucket.state()).toBe(before)
    bucket.at(1_000)
    expect(bucket.admit(1)).toBe(1)
  })

  it('is safe from clocks that go back, and full only once after one that jumps ahead [R10] [R11]', () => {
    const bucket = counterOf(perMinute)
    bucket.admit(15)
    bucket.at(-3_600_000)
    expect([bucket.admit(30), bucket.remaining(), bucket.waitMs()]).toEqual([5, 0, 1_000])
    bucket.at(366 * 86_400_000)
    expect(bucket.admit(100)).toBe(20)
    expect(bucket.admit(100)).toBe(0)
  })

  it('counts one call in 30 days [R8]', () => {
    const bucket = counterOf({ limit: 1, windowSeconds: 30 * 86_400, burst: 1 })
    expect(bucket.admit(2)).toBe(1)
    for (const ms of [20, 86_400_000, 29 * 86_400_000, 30 * 86_400_000 - 1]) {
      bucket.at(ms)
      expect(bucket.admit(1)).toBe(0)
    }
    bucket.at(30 * 86_400_000)
    expect(bucket.admit(2)).toBe(1)
  })

  it('looks without writing at a cost of 0 [R13]', () => {
    const bucket = counterOf(perMinute)
    expect([bucket.ask(0).admitted, bucket.state()]).toEqual([true, undefined])
    bucket.admit(20)
    expect(bucket.ask(0).admitted).toBe(true)
  })

  it('never admits a cost above its capacity, and charges nothing for it [R14]', () => {
    const bucket = counterOf(perMinute)
    expect([bucket.ask(21).admitted, bucket.waitMs(21), bucket.remaining()]).toEqual([false, Number.POSITIVE_INFINITY, 20])
    expect(bucket.ask(Number.MAX_SAFE_INTEGER).admitted).toBe(false)
  })

  it('gives back what was reserved and not used, not above its capacity [R22]', () => {
    const bucket = counterOf({ limit: 100, windowSeconds: 100, burst: 100 })
    bucket.ask(100)
    bucket.settle(-80)
    expect(bucket.remaining()).toBe(80)
    bucket.settle(-1_000)
    expect(bucket.remaining()).toBe(100)
  })

  it('goes into debt for what was used beyond, and admits when it is paid [R23]', () => {
    const bucket = counterOf({ limit: 100, windowSeconds: 100, burst: 100 })
    bucket.ask(100)
    bucket.settle(200)
    expect([bucket.remaining(), bucket.waitMs()]).toEqual([0, 101_000])
    bucket.at(100_999)
    expect(bucket.admit(1)).toBe(0)
    bucket.at(101_000)
    expect(bucket.admit(2)).toBe(1)
  })

  it('is as good as absent when its time to live is over', () => {
    const bucket = counterOf(perMinute)
    bucket.admit(20)
    expect(bucket.ttlMs()).toBe(21_000)
    bucket.at(-5_000)
    expect(bucket.ttlMs()).toBe(26_000)
  })
})

describe('a strict bucket and a window', () => {
  // A sliding counter of two fixed windows admits 2 at +61 s.
  it.each<[string, Partial<LimitNumbers>]>([
    ['strict bucket', { strict: true, burst: 50 }],
    ['window', { kind: 'window' }],
  ])('admit all 50 from +65 s after a whole window was used: %s [R7]', (_kind, numbers) => {
    const counter = counterOf({ limit: 100, windowSeconds: 60, ...numbers })
    let used = 0
    for (let ms = 0; used < 100; ms += 50) {
      counter.at(ms - 60_000)
      used += counter.admit(1)
    }
    counter.at(65_000)
    expect(counter.admit(50)).toBe(50)
  })

  it('of which the window admits all 100 at once, none before +60 s, and 50 at +65 s', () => {
    const window = counterOf({ kind: 'window', limit: 100, windowSeconds: 60 })
    expect(window.admit(101)).toBe(100)
    expect(window.waitMs()).toBe(65_000)
    for (const ms of [1_000, 59_999, 61_000, 64_999]) {
      window.at(ms)
      expect(window.admit(1)).toBe(0)
    }
    window.at(65_000)
    expect(window.admit(50)).toBe(50)
  })
})

describe('a take', () => {
  const meter = compileLimit({ name: 'it', limit: 10, windowSeconds: 10, burst: 10 }).meterAt(start)
  const item = (counter: string, cost: number, shadow = false) => ({ owner: 'a', counter, meter, cost, shadow })

  it('debits all or none, and shadows only where they fit', () => {
    const states = [undefined, [9_500, start, 1_000]]
    const admitted = take([item('a', 3), item('b', 3, true)], states, start)
    expect([admitted.admitted, admitted.writes, admitted.items.map(({ fits }) => fits)]).toEqual([
      true,
      [[3_000, start, 1_000], undefined],
      [true, false],
    ])
    const refused = take([item('a', 3, true), item('b', 3)], states, start)
    expect([refused.admitted, refused.writes]).toEqual([false, [undefined, undefined]])
  })

  it('of nothing is admitted', () => {
    expect(take([], [], start).admitted).toBe(true)
  })
})

describe('calls under way', () => {
  it('fit beside others up to the limit', () => {
    expect([fitsBeside(0, 1), fitsBeside(1, 1), fitsBeside(2, 5, 3), fitsBeside(3, 5, 3)]).toEqual([true, false, true, false])
  })
})
