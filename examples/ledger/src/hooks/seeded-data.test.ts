import { describe, expect, it } from 'vitest'
import { generate } from './seeded-data.ts'

describe('generate', () => {
  const data = generate({ seed: 3, wallets: 301, transfers: 1000 })
  const wallets = data.wallets.slice(1)

  it('makes the same rows from the same seed, and others from another', () => {
    expect(generate({ seed: 3, wallets: 301, transfers: 1000 })).toEqual(data)
    expect(generate({ seed: 4, wallets: 301, transfers: 1000 })).not.toEqual(data)
  })

  it('gives two of five rows the instant of the one before, the others the next one 7 us later', () => {
    const instants = wallets.map((row) => Number(row.at(-1)))
    const steps = instants.slice(1).map((at, index) => at - (instants[index] ?? 0))
    expect(steps.filter((step) => step === 0)).toHaveLength(120)
    expect(new Set(steps)).toEqual(new Set([0, 7]))
  })

  it('leaves a third of the nicknames null, and writes names in five scripts', () => {
    expect(wallets.filter((row) => row[5] === null)).toHaveLength(101)
    const names = wallets.map((row) => row[4]).join('')
    for (const script of [/\p{Script=Latin}/u, /\p{Script=Cyrillic}/u, /\p{Script=Greek}/u, /\p{Script=Han}/u, /\p{Script=Arabic}/u]) {
      expect(names).toMatch(script)
    }
  })

  it('sums to zero, and no wallet owes', () => {
    const balances = data.wallets.map((row) => row[7] as bigint)
    expect(balances.reduce((sum, cents) => sum + cents)).toBe(0n)
    expect(balances.slice(1).every((cents) => cents >= 0n)).toBe(true)
  })
})
