import { startProcess } from '../../harness/server-process.ts'
import type { StartOptions } from '../../harness/server-process.ts'
import type { Flooded, MemorySpec } from './spec.ts'

/** [R35] */
export const mostHeapMiB = 40

const limiters = ['holdfast', 'express-rate-limit', 'rate-limiter-flexible', '@fastify/rate-limit', 'hono-rate-limiter']

/** What a million new keys do to one limiter. */
export interface FloodedLimiter extends Flooded {
  readonly limiter: string
}

/** A million new keys for each limiter as it comes, without a bound of ours, in a process of its own. */
export async function floodLimiters(options: StartOptions): Promise<FloodedLimiter[]> {
  const all: FloodedLimiter[] = []
  for (const limiter of limiters) {
    const spec: MemorySpec = { limiter, keys: 10_000, mostKeys: undefined, takes: 300_000 }
    const each = await startProcess(new URL('process.ts', import.meta.url), spec, options)
    all.push({ limiter, ...((await each.ask({ ask: 'flood' })) as Flooded) })
    await each.stop()
  }
  return all
}
