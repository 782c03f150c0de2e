import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { stateAt, take, waitMs } from './decide.ts'
import { compileLimit } from './limit.ts'
import type { LimitNumbers } from './limit.ts'
import type { MeterState } from './record.ts'

/** How many random schedules of each kind; HOLDFAST_SCHEDULES=1000000 takes some minutes. */
const numRuns = Number(process.env['HOLDFAST_SCHEDULES'] ?? 2_000)
const start = Date.UTC(2026, 2, 28)

const windows = fc.constantFrom(0.05, 0.333, 1, 2.5, 10, 60)
const amounts = fc.integer({ min: 1, max: 60 })
/** Waits and costs: bursts, crawls, and hammering. */
const arrivals = fc.array(
  fc.tuple(
    fc.oneof(
      { weight: 4, arbitrary: fc.constant(0) },
      fc.integer({ min: 1, max: 40 }),
      fc.integer({ min: 1, max: 2_000 }),
      fc.integer({ min: 1, max: 90_000 }),
    ),
    fc.oneof({ weight: 4, arbitrary: fc.constant(1) }, fc.integer({ min: 0, max: 25 })),
  ),
  { minLength: 20, maxLength: 120 },
)

interface Admitted {
  readonly at: number
  readonly cost: number
}

/** What is admitted of some arrivals. */
function run(numbers: LimitNumbers, schedule: readonly (readonly [number, number])[]): Admitted[] {
  const { meterAt } = compileLimit(numbers)
  const admitted: Admitted[] = []
  let state: MeterState | undefined
  let at = start
  for (const [wait, cost] of schedule) {
    at += wait
    const decision = take([{ owner: 'a', counter: 'a', meter: meterAt(at), cost, shadow: false }], [state], at)
    state = decision.writes[0] ?? state
    if (decision.admitted) admitted.push({ at, cost })
  }
  return admitted
}

/** The most that was admitted beyond what some bound allows, over all intervals that begin and end with an admitted call. */
function worst(admitted: readonly Admitted[], boundOf: (ms: number) => number): number {
  let most = Number.NEGATIVE_INFINITY
  for (const [first, { at: from }] of admitted.entries()) {
    let sum = 0
    for (let last = first; last < admitted.length; last++) {
      const { at, cost } = admitted[last] as Admitted
      sum += cost
      most = Math.max(most, sum - boundOf(at - from))
    }
  }
  return most
}

/** The most that was admitted in any window of some length. */
function inWorstWindow(admitted: readonly Admitted[], windowMs: number): number {
  let most = 0
  let sum = 0
  let first = 0
  for (const { at, cost } of admitted) {
    sum += cost
    while ((admitted[first] as Admitted).at <= at - windowMs) sum -= (admitted[first++] as Admitted).cost
    most = Math.max(most, sum)
  }
  return most
}

describe('whatever arrives when, at whatever cost', { timeout: 30_000 + numRuns * 10 }, () => {
  it('a bucket admits at most its burst and what drains meanwhile, in every interval [R4]', () => {
    fc.assert(
      fc.property(amounts, windows, amounts, arrivals, (limit, windowSeconds, burst, schedule) => {
        const admitted = run({ name: 'a', limit, windowSeconds, burst }, schedule)
        expect(worst(admitted, (ms) => burst + Math.floor((ms * limit) / (windowSeconds * 1_000)))).toBeLessThanOrEqual(0)
      }),
      { numRuns },
    )
  })

  it('a strict bucket admits at most its limit in every window [R5]', () => {
    fc.assert(
      fc.property(amounts, windows, amounts, arrivals, (extra, windowSeconds, burst, schedule) => {
        const limit = burst + extra
        const admitted = run({ name: 'a', limit, windowSeconds, burst, strict: true }, schedule)
        expect(inWorstWindow(admitted, windowSeconds * 1_000)).toBeLessThanOrEqual(limit)
      }),
      { numRuns },
    )
  })

  it('a window admits at most its limit in every window, wherever it begins [R5]', () => {
    fc.assert(
      fc.property(amounts, windows, arrivals, (limit, windowSeconds, schedule) => {
        const admitted = run({ name: 'a', kind: 'window', limit, windowSeconds }, schedule)
        expect(inWorstWindow(admitted, windowSeconds * 1_000)).toBeLessThanOrEqual(limit)
      }),
      { numRuns },
    )
  })

  it('a window can be used to twelve thirteenths for ever', () => {
    const admitted = run(
      { name: 'a', kind: 'window', limit: 100, windowSeconds: 60 },
      Array.from({ length: 60_000 }, () => [10, 1] as const),
    )
    expect(admitted.length).toBeGreaterThanOrEqual(Math.floor((100 * 10 * 12) / 13))
  })

  it('a calendar admits at most its limit in every hour', () => {
    fc.assert(
      fc.property(amounts, arrivals, (limit, schedule) => {
        const hours = new Map<number, number>()
        for (const { at, cost } of run({ name: 'a', kind: 'calendar', period: 'hour', limit }, schedule)) {
          const hour = Math.floor(at / 3_600_000)
          hours.set(hour, (hours.get(hour) ?? 0) + cost)
        }
        expect(Math.max(0, ...hours.values())).toBeLessThanOrEqual(limit)
      }),
      { numRuns },
    )
  })

  it('a hint is exact: a millisecond earlier the same call is refused [R3]', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('bucket', 'window', 'calendar'),
        amounts,
        windows,
        amounts,
        arrivals,
        (kind, limit, windowSeconds, burst, schedule) => {
          const { meterAt } = compileLimit(
            kind === 'bucket'
              ? { name: 'a', limit, windowSeconds, burst }
              : kind === 'window'
                ? { name: 'a', kind, limit, windowSeconds }
                : { name: 'a', kind: 'calendar', period: 'hour', limit },
          )
          let state: MeterState | undefined
          let at = start
          for (const [wait, cost] of schedule) {
            at += wait
            const item = { owner: 'a', counter: 'a', meter: meterAt(at), cost, shadow: false }
            const decision = take([item], [state], at)
            state = decision.writes[0] ?? state
            if (decision.admitted) continue
            const hint = waitMs(item.meter, stateAt(item.meter, state, at), cost, at)
            if (hint === Number.POSITIVE_INFINITY) continue
            const admitsAt = (now: number): boolean => take([{ ...item, meter: meterAt(now) }], [state], now).admitted
            expect([hint >= 1, admitsAt(at + hint - 1), admitsAt(at + hint)]).toEqual([true, false, true])
          }
        },
      ),
      { numRuns: Math.min(numRuns, 10_000) },
    )
  })
})
