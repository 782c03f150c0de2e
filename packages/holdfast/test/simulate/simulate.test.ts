import { describe, expect, it } from 'vitest'
import { mutants } from './mutants.ts'
import { simulate } from './simulate.ts'

describe('the simulation', () => {
  it.each([1, 2, 3])('finds no violation with seed %i', async (seed) => {
    const { violations, faults } = await simulate({ seed, calls: 1_500, mutant: undefined })
    expect(violations).toEqual([])
    expect(faults).toBeGreaterThan(1_500)
  })

  it('gives the same history for the same seed, and another for another', async () => {
    const run = async (seed: number) => (await simulate({ seed, calls: 750, mutant: undefined })).history
    const [first, again, other] = [await run(4), await run(4), await run(5)]
    expect(again).toBe(first)
    expect(other).not.toBe(first)
  })

  it.each(Object.keys(mutants))(
    'turns red within 10,000 calls when the bug %s is planted',
    async (name) => {
      const { violations } = await simulate({ seed: 1, calls: 10_000, mutant: mutants[name], stopWhenRed: true })
      expect(violations.length).toBeGreaterThan(0)
    },
    120_000,
  )
})
