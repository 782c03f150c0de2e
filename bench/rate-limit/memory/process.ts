// One limiter in memory, in a process of its own: heaps of others would change what it costs
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { answerParent, specOf } from '../../harness/answer-parent.ts'
import { holdfastInMemory } from '../limiters/holdfast.ts'
import type { LimitSpec, Limiter } from '../limiters/limiter.ts'
import { bareMap, bareWindow, memoryLimiters } from '../limiters/memory-peers.ts'
import type { Flooded, Held, MemorySpec } from './spec.ts'

const { limiter: name, keys, mostKeys, takes } = specOf<MemorySpec>()
setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void
const bounded = mostKeys === undefined ? {} : { mostKeys }
/** So much that nothing is refused while costs are measured. A bucket drains slowly, or its counters would be forgotten as soon as made. */
const plenty: LimitSpec = { limit: name === 'holdfast' ? 1 : 1e9, burst: 1e9, windowMs: 3_600_000, ...bounded }
/** Attackers use it up before they flood. Long, so that nothing is forgiven for its age meanwhile. */
const scarce: LimitSpec = { limit: 100, burst: 100, windowMs: 3_600_000, ...bounded }

function open(spec: LimitSpec): Limiter {
  if (name === 'Map, no clock') return bareMap(spec)
  if (name === 'bare Map') return bareWindow(spec)
  if (name === 'holdfast') return holdfastInMemory('bucket', spec)
  return memoryLimiters[name as keyof typeof memoryLimiters](spec)
}

const before = memoryUse()
let limiter = open(plenty)
await fill(keys)
const after = memoryUse()
const held: Held = { heapBytesPerKey: (after.heap - before.heap) / keys, rssBytesPerKey: (after.rss - before.rss) / keys }
// Only now: a limiter that keeps the names of its keys is to pay for them.
const names = Array.from({ length: keys }, (_, index) => nameOf(index))
let seed = 1

answerParent(null, (question) => (question === 'held' ? held : question === 'take' ? nsPerTake(names) : flood()))

function nameOf(index: number): string {
  return `api/account/${String(index).padStart(8, '0')}`
}

async function fill(count: number): Promise<void> {
  for (let index = 0; index < count; index++) await limiter.take(nameOf(index))
}

/** Keys come in no order: neighbours in time are none in memory. */
async function nsPerTake(among: readonly string[]): Promise<number> {
  const startedAt = process.hrtime.bigint()
  let refused = 0
  for (let count = 0; count < takes; count++) {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) | 0
    const admitted = limiter.take(among[(seed >>> 1) % among.length] as string)
    // Awaiting what is no promise would cost more than the take.
    if (!(typeof admitted === 'boolean' ? admitted : await admitted)) refused += 1
  }
  if (refused > 0) throw new Error(`${name} refused ${refused} of ${takes} calls far below its limit`)
  return Number(process.hrtime.bigint() - startedAt) / takes
}

async function flood(): Promise<Flooded> {
  const nsBefore = await nsPerTake(names)
  limiter = open(scarce)
  while (await limiter.take('attacker'));
  const calm = memoryUse()
  let ns = 0
  for (let batch = 0; batch < 100; batch++) {
    const strangers = Array.from({ length: 10_000 }, (_, index) => `api/account/flood-${batch}-${index}`)
    const startedAt = process.hrtime.bigint()
    for (const stranger of strangers) {
      const admitted = limiter.take(stranger)
      if (typeof admitted !== 'boolean') await admitted
    }
    ns += Number(process.hrtime.bigint() - startedAt)
  }
  const nsDuring = ns / 1_000_000
  const flooded = memoryUse()
  const isStillExhausted = !(await limiter.take('attacker'))
  const mib = 2 ** 20
  return { nsBefore, nsDuring, heapMiB: (flooded.heap - calm.heap) / mib, rssMiB: (flooded.rss - calm.rss) / mib, isStillExhausted }
}

function memoryUse(): { readonly heap: number; readonly rss: number } {
  collectGarbage()
  collectGarbage()
  const { heapUsed, external, rss } = process.memoryUsage()
  return { heap: heapUsed + external, rss }
}
