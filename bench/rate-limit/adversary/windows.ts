import type { Redis } from 'ioredis'
import { holdfastInMemory } from '../limiters/holdfast.ts'
import type { LimitSpec, Limiter } from '../limiters/limiter.ts'
import { memoryLimiters } from '../limiters/memory-peers.ts'
import { upstash } from '../limiters/redis-limiters.ts'
import { inWorstWindow } from '../bounds/schedule.ts'
import type { Admitted } from '../bounds/schedule.ts'
import type { Finding } from './finding.ts'
import { inVirtualTime } from './virtual-time.ts'

const perMinute: LimitSpec = { limit: 100, windowMs: 60_000, burst: 10 }
const start = Date.UTC(2026, 0, 5)

interface Contestant {
  readonly name: string
  /** The most in any minute, as its documentation has it. */
  readonly atMost: number
  readonly open: () => Limiter
  /** Whether it works over a connection, whose own timers must go on. */
  readonly isRemote: boolean
}

/** Milliseconds after the start, in ascending order. */
type Schedule = readonly number[]

const times = (count: number, at: number): number[] => Array.from({ length: count }, () => at)
const every = (ms: number, from: number, to: number): number[] =>
  Array.from({ length: Math.floor((to - from) / ms) }, (_, index) => from + (index + 1) * ms)

const attacks: Readonly<Record<string, Schedule>> = {
  'edge: late in one fixed window, early in the next': [0, ...times(99, 59_900), ...times(300, 60_050)],
  'sliding counter: all at once late, then as it forgets': [...times(100, 59_990), ...every(601, 60_000, 180_000)],
  'burst, then 20 calls a second': [...times(200, 0), ...every(50, 0, 180_000)],
}

/** The most that is admitted in any minute, of 100 a minute. */
export async function fillWindows(client: Redis): Promise<Finding[]> {
  const findings: Finding[] = []
  for (const [attack, schedule] of Object.entries(attacks))
    for (const { name, atMost, open, isRemote } of contestants(client)) {
      const most = await inVirtualTime(start, { timers: !isRemote }, async (time) => {
        const limiter = open()
        const admitted: Admitted[] = []
        for (const at of schedule) {
          time.goTo(start + at)
          if (await limiter.take(attack)) admitted.push({ at, cost: 1 })
        }
        return inWorstWindow(admitted, perMinute.windowMs)
      })
      findings.push({ attack, limiter: name, bound: `<= ${atMost} a minute`, seen: String(most), isKept: most <= atMost })
    }
  return findings
}

function contestants(client: Redis): Contestant[] {
  const ours = (['bucket', 'strict', 'window'] as const).map((kind): Contestant => ({
    name: `holdfast ${kind}`,
    // In a minute a bucket gives its burst and what drains: it says so.
    atMost: kind === 'bucket' ? 110 : 100,
    open: () => holdfastInMemory(kind, perMinute),
    isRemote: false,
  }))
  const inMemory = Object.entries(memoryLimiters).map(([name, open]): Contestant => ({
    name,
    atMost: 100,
    open: () => open(perMinute),
    isRemote: false,
  }))
  const upstashes = (['fixedWindow', 'slidingWindow', 'tokenBucket'] as const).map((kind): Contestant => ({
    name: `@upstash ${kind}`,
    atMost: 100,
    open: () => upstash(client, kind, perMinute, { prefix: `windows-${kind}` }),
    isRemote: true,
  }))
  return [...ours, ...inMemory, ...upstashes]
}
