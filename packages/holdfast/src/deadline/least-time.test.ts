import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createLeastTime } from './least-time.ts'

describe('what calls take at least', () => {
  it('is not known from a few', () => {
    const least = createLeastTime()
    for (let call = 0; call < 15; call++) least.add(100, 0)
    expect(least.at(0)).toBe(0)
    least.add(100, 0)
    expect(least.at(0)).toBe(100)
  })

  it('is what one in ten stays below, and never more than the quick ones take', () => {
    const least = createLeastTime()
    for (let call = 0; call < 64; call++) least.add(call % 8 === 0 ? 1 : 1_000, 0)
    expect(least.at(0)).toBe(1)
  })

  it('lies between the shortest and the longest of the recent ones, whatever they were', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1e5, noNaN: true }), { minLength: 64, maxLength: 200 }), (times) => {
        const least = createLeastTime()
        for (const ms of times) least.add(ms, 0)
        const asked = least.at(0)
        // What was added since the last look is not in it yet.
        const recent = times.slice(-(64 + 16))
        expect(asked).toBeGreaterThanOrEqual(Math.min(...recent))
        expect(recent.filter((ms) => ms < asked).length).toBeLessThanOrEqual(0.1 * 64 + 16)
      }),
    )
  })

  it('follows when calls become faster', () => {
    const least = createLeastTime()
    for (let call = 0; call < 64; call++) least.add(500, 0)
    for (let call = 0; call < 16; call++) least.add(5, 0)
    expect(least.at(0)).toBe(5)
  })

  it('is taken for unknown once in each second in which no call was answered, so that one can show', () => {
    const least = createLeastTime()
    for (let call = 0; call < 64; call++) least.add(500, 0)
    expect([1_000, 1_001, 1_002, 2_001, 2_002, 2_003].map((now) => least.at(now))).toEqual([500, 0, 500, 500, 0, 500])
  })
})
