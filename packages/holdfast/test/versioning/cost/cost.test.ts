import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, it } from 'vitest'

interface Cost {
  readonly translated: number
  readonly reference: number
  readonly empty: number
  readonly isPlanned: boolean
  readonly isEmpty: boolean
  readonly members: readonly string[]
}

describe('the cost of a chain of 100 versions with 4 changes each', () => {
  let cost: Cost
  beforeAll(async () => {
    const run = await promisify(execFile)(process.execPath, ['--conditions=@holdfast/source', join(import.meta.dirname, 'main.ts')])
    cost = JSON.parse(run.stdout) as Cost
  })

  it('is below one and a half of parsing and writing a list of 100 items [T33]', () => {
    expect(cost.isPlanned).toBe(true)
    expect(cost.members).toEqual(expect.arrayContaining(['label', 'owner', 'from', 'status', 'made']))
    expect(cost.translated / cost.reference).toBeLessThan(1.5)
  })

  it('is below 20 us where no change applies: the answer is not even read [T33]', () => {
    expect(cost.isEmpty).toBe(true)
    expect(cost.empty).toBeLessThan(20)
  })
})
