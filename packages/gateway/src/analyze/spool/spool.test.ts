import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createSpool } from './spool.ts'
import type { SpoolOptions } from './spool.ts'

const pageEntries = 8192

function sortedThrough(times: readonly number[], options: SpoolOptions): readonly (readonly [at: number, order: number])[] {
  const spool = createSpool(options)
  times.forEach((at, index) => spool.add({ at, account: index, route: 1, client: 2, cost: 3, status: 200 }))
  spool.finish()
  const result: [number, number][] = []
  for (const batch of spool.sorted()) {
    for (let index = 0; index < batch.length; index++) {
      result.push([batch.at[index] as number, batch.account[index] as number])
      if (batch.cost[index] !== 3 || batch.status[index] !== 200) throw new Error('columns were mixed up')
    }
  }
  spool.close()
  return result
}

const expected = (times: readonly number[]) => times.map((at, index) => [at, index] as const).toSorted((left, right) => left[0] - right[0])

describe('the spool', () => {
  it('gives requests in the order of time, and those of one instant in the order in which they came', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(50), { maxLength: 300 }), (times) => {
        expect(sortedThrough(times, {})).toEqual(expected(times))
      }),
      { numRuns: 20 },
    )
  })

  it.each([
    ['in order', (index: number) => index],
    ['in reverse', (index: number) => 1e6 - index],
    ['shuffled', (index: number) => (index * 7919) % 10_007],
    ['as two rotated files, the later one first', (index: number) => (index < 40_000 ? 1e6 + index : index)],
  ])('merges runs from memory and from disk: %s', (_, at) => {
    const times = Array.from({ length: 12 * pageEntries + 17 }, (_, index) => at(index))
    expect(sortedThrough(times, { runEntries: 2 * pageEntries, memoryPages: 5 })).toEqual(expected(times))
  })

  it('can be read again', () => {
    const spool = createSpool({ runEntries: pageEntries, memoryPages: 0 })
    for (let at = 0; at < 3 * pageEntries; at++) spool.add({ at, account: 0, route: 0, client: 0, cost: 1, status: 0 })
    spool.finish()
    const count = () => [...spool.sorted()].length
    expect([spool.length, count(), count()]).toEqual([3 * pageEntries, 3, 3])
    spool.close()
  })
})
