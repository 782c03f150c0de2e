import { expect, it } from 'vitest'
import { seededRandom } from '../../src/testing/index.ts'
import { contend, shapes } from './contention.ts'
import type { Wait } from './contention.ts'
import { contendByUpdate } from './update-contention.ts'

function mean(shape: string): { timeMs: number; calls: number } {
  const runs = Array.from({ length: 30 }, (_, seed) => contend(100, shapes[shape] as Wait, seededRandom(seed)))
  const of = (pick: 'timeMs' | 'calls'): number => runs.reduce((sum, run) => sum + run[pick], 0) / runs.length
  return { timeMs: of('timeMs'), calls: of('calls') }
}

it('full jitter takes the least work of all shapes where a hundred clients contend, as in the simulation of AWS', () => {
  const calls = ['FullJitter', 'EqualJitter', 'Decorr', 'Exponential', 'None'].map((shape) => mean(shape).calls)
  expect(calls).toEqual(calls.toSorted((left, right) => left - right))
  expect(Math.abs((calls[0] as number) / 796 - 1)).toBeLessThan(0.03)
})

it('update() contends as the simulation does that it was made after', async () => {
  const { timeMs, calls } = await contendByUpdate(100, seededRandom(1))
  // One run; the deviation of the reference is 6.3 calls and 491 ms.
  expect(Math.abs(calls - 796)).toBeLessThan(4 * 6.3)
  expect(Math.abs(timeMs - 4_896)).toBeLessThan(4 * 491)
})
