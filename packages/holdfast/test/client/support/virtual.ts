import { seededRandom } from '../../../src/testing/index.ts'
import { createVirtualTime } from '../../simulate/time.ts'
import type { VirtualTime } from '../../simulate/time.ts'

let digesting = 0
const digest = crypto.subtle.digest.bind(crypto.subtle)
// Digests are made on another thread: virtual time stands still until they are done.
crypto.subtle.digest = (...args) => {
  digesting += 1
  return digest(...args).finally(() => (digesting -= 1))
}

/** Runs work in virtual time to its end, and gives what it came to. */
export async function settle<T>(time: VirtualTime, work: Promise<T>): Promise<T> {
  let isDone = false
  const settled = work.finally(() => (isDone = true))
  settled.catch(() => undefined)
  await time.run(() => isDone)
  if (!isDone) throw new Error('nothing is left to happen, and the work has not ended')
  return settled
}

/** A clock and chance of a test's own. */
export function virtual(seed = 1): { time: VirtualTime; random: () => number; wait(ms: number): Promise<void> } {
  const time = createVirtualTime(Date.UTC(2026, 0, 1), () => digesting > 0)
  return { time, random: seededRandom(seed), wait: (ms) => new Promise((resolve) => time.after(ms, resolve)) }
}
