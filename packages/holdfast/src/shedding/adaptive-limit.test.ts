import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decideLimit, learnBaselines } from './adaptive-limit.ts'
import type { LimitState, Window } from './adaptive-limit.ts'

const bounds = { min: 4, max: 1_000 }
const state = (limit: number, baseline?: number): LimitState => ({
  limit,
  baselines: new Map(baseline === undefined ? [] : [['', baseline]]),
})
const window = (medianMs: number, change: Partial<Window> = {}): Window => ({
  classes: new Map([['', { completions: 100, medianMs }]]),
  mostUnderWay: 100,
  isSaturated: false,
  isOverloaded: false,
  ...change,
})

describe('the adaptive limit', () => {
  it('grows by a fifth of its square root while answers take their usual time', () => {
    expect(decideLimit(state(100, 50), window(50), bounds).limit).toBeCloseTo(102)
    expect(decideLimit(state(100, 50), window(75), bounds).limit).toBeCloseTo(102)
  })

  it('falls as answers take longer, but by no more than a tenth at once', () => {
    expect(decideLimit(state(100, 50), window(100), bounds).limit).toBeCloseTo(97)
    expect(decideLimit(state(100, 50), window(10_000), bounds).limit).toBeCloseTo(92)
  })

  it('stays where not half of it was used: such a window says nothing', () => {
    expect(decideLimit(state(100, 50), window(500, { mostUnderWay: 49 }), bounds).limit).toBe(100)
  })

  it('is cut by a tenth when something behind is overloaded', () => {
    expect(decideLimit(state(100, 50), window(50, { isOverloaded: true }), bounds).limit).toBeCloseTo(90)
  })

  it('compares each class of routes with its own usual time', () => {
    const both: LimitState = { limit: 100, baselines: new Map([['fast', 5], ['slow', 5_000]]) } // prettier-ignore
    const classes = new Map([['fast', { completions: 10, medianMs: 5 }], ['slow', { completions: 90, medianMs: 5_000 }]]) // prettier-ignore
    expect(decideLimit(both, window(0, { classes }), bounds).limit).toBeCloseTo(102)
  })

  it('forgets a usual time that is more than twice what answers take now', () => {
    expect(decideLimit(state(100, 500), window(50), bounds).baselines.get('')).toBeLessThan(450)
  })

  it('does not take the latency of a crowd for usual, but what was seen without one', () => {
    expect(decideLimit(state(100, 50), window(80, { isSaturated: true }), bounds).baselines.get('')).toBe(50)
    expect(decideLimit(state(100, 50), window(40, { isSaturated: true }), bounds).baselines.get('')).toBeLessThan(50)
    expect(learnBaselines(state(100, 50), window(80).classes).baselines.get('')).toBe(80)
  })

  it('stays within its bounds, whatever happens', () => {
    const ms = fc.double({ min: 0, max: 1e7, noNaN: true })
    fc.assert(
      fc.property(fc.array(fc.tuple(ms, fc.nat(2_000), fc.boolean(), fc.boolean()), { maxLength: 200 }), (windows) => {
        let now = state(50)
        for (const [medianMs, mostUnderWay, isSaturated, isOverloaded] of windows) {
          now = decideLimit(now, window(medianMs, { mostUnderWay, isSaturated, isOverloaded }), bounds)
          expect(now.limit).toBeGreaterThanOrEqual(4)
          expect(now.limit).toBeLessThanOrEqual(1_000)
        }
      }),
    )
  })
})
