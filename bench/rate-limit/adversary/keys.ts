import type { StartOptions } from '../../harness/server-process.ts'
import { floodLimiters, mostHeapMiB } from '../memory/flood.ts'
import type { Finding } from './finding.ts'

/** [R35] [R36] Who has used up 100 calls an hour floods a limiter with a million new keys, to be forgotten. */
export async function floodWithKeys(options: StartOptions): Promise<Finding[]> {
  const flooded = await floodLimiters(options)
  return flooded.map(({ limiter, heapMiB, isStillExhausted }) => ({
    attack: '1,000,000 new keys, by one who has used up a limit',
    limiter,
    bound: `< ${mostHeapMiB} MiB of heap, still refused`,
    seen: `${heapMiB.toFixed(0)} MiB, ${isStillExhausted ? 'still refused' : 'ADMITTED again'}`,
    isKept: heapMiB < mostHeapMiB && isStillExhausted,
  }))
}
