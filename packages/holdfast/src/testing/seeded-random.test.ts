import { describe, expect, it } from 'vitest'
import { seededRandom } from './index.ts'

const take = (seed: number, count: number): number[] => {
  const random = seededRandom(seed)
  return Array.from({ length: count }, () => random())
}

describe('a seeded random', () => {
  it('yields the same numbers for the same seed, and others for another', () => {
    expect(take(7, 20)).toEqual(take(7, 20))
    expect(take(7, 20)).not.toEqual(take(8, 20))
  })

  it('yields numbers from 0 to below 1, evenly', () => {
    const numbers = take(1, 10_000)
    expect(Math.min(...numbers)).toBeGreaterThanOrEqual(0)
    expect(Math.max(...numbers)).toBeLessThan(1)
    const tenths = Array.from({ length: 10 }, (_, tenth) => numbers.filter((number) => Math.floor(number * 10) === tenth).length)
    for (const count of tenths) expect(Math.abs(count - 1_000)).toBeLessThan(150)
  })
})
