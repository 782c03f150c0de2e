import { seededRandom } from '../../../src/testing/index.ts'
import { createVirtualTime } from '../../simulate/time.ts'
import type { VirtualTime } from '../../simulate/time.ts'

/** Runs work in virtual time to its end, and gives what it came to. */
export async function settle<T>(time: VirtualTime, work: Promise<T>): Promise<T> {
  let isDone = false
  const settled = work.finally(() => (isDone = true))
  settled.catch(() => undefined)
  // Digests are made on another thread: nothing may be left to happen in virtual time, and yet something is under way.
  for (let turn = 0; turn < 5_000 && !isDone; turn++) {
    if (turn > 0) await new Promise((resolve) => setTimeout(resolve, 1))
    await time.run(() => isDone)
  }
  if (!isDone) throw new Error('nothing is left to happen, and the work has not ended')
  return settled
}

/** A clock and chance of a test's own. */
export function virtual(seed = 1): { time: VirtualTime; random: () => number; wait(ms: number): Promise<void> } {
  const time = createVirtualTime(Date.UTC(2026, 0, 1), () => false)
  return { time, random: seededRandom(seed), wait: (ms) => new Promise((resolve) => time.after(ms, resolve)) }
}
