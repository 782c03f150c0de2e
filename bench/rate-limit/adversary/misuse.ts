import type { Redis } from 'ioredis'
import { memory } from 'holdfast/memory'
import { numbersOf, holdfastInMemory, onStore } from '../limiters/holdfast.ts'
import type { LimitSpec, Limiter } from '../limiters/limiter.ts'
import { flexibleInMemory, flexibleUnion, inTurn, memoryLimiters } from '../limiters/memory-peers.ts'
import { upstash } from '../limiters/redis-limiters.ts'
import type { Finding } from './finding.ts'
import { inVirtualTime } from './virtual-time.ts'

const start = Date.UTC(2026, 0, 5)
const dayMs = 86_400_000
const second: LimitSpec = { limit: 1, windowMs: 1_000, burst: 1 }
const day: LimitSpec = { limit: 100, windowMs: dayMs, burst: 100 }

/** 1 a second and 100 a day: 120 calls at once, of which one can pass. */
export async function useUpTheDay(): Promise<Finding[]> {
  const attack = '1/s and 100/day, 120 calls at once: used of the day'
  const together = (): Limiter => onStore(memory().limits, [numbersOf('bucket', 'second', second), numbersOf('bucket', 'day', day)])
  const contestants: Record<string, () => Limiter> = {
    holdfast: together,
    'rate-limiter-flexible, its union': () => flexibleUnion([second, day]),
    ...Object.fromEntries(
      Object.entries(memoryLimiters).flatMap(([name, open]) => [
        [`${name}, second then day`, () => inTurn([open(second), open(day)])],
        [`${name}, day then second`, () => inTurn([open(day), open(second)])],
      ]),
    ),
  }
  const findings: Finding[] = []
  for (const [limiter, open] of Object.entries(contestants)) {
    const used = await inVirtualTime(start, { timers: true }, async (time) => {
      const opened = open()
      for (let call = 0; call < 120; call++) await opened.take('account')
      // What is left of the day is what can still be had, slowly.
      let left = 0
      for (let call = 1; call <= 110; call++) {
        time.goTo(start + call * 1_500)
        if (await opened.take('account')) left += 1
      }
      return day.limit - left
    })
    findings.push({ attack, limiter, bound: '1', seen: String(used), isKept: used <= 1 })
  }
  return findings
}

/** 10 a minute: a call of 8 passes, one of 5 is refused, and one of 2 still fits. */
export async function payForRefusals(client: Redis): Promise<Finding[]> {
  const spec: LimitSpec = { limit: 10, windowMs: 60_000, burst: 10 }
  const expected = 'passes, refused, passes'
  const attack = '10 a minute: costs of 8, 5 and 2, the 5 being too much'
  const contestants: Record<string, () => Limiter> = {
    'holdfast bucket': () => holdfastInMemory('bucket', spec),
    'holdfast window': () => holdfastInMemory('window', spec),
    'rate-limiter-flexible': () => flexibleInMemory(spec),
    '@upstash fixedWindow': () => upstash(client, 'fixedWindow', spec, { prefix: 'costs-fixed', ephemeralCache: false }),
    '@upstash slidingWindow': () => upstash(client, 'slidingWindow', spec, { prefix: 'costs-sliding', ephemeralCache: false }),
    '@upstash tokenBucket': () => upstash(client, 'tokenBucket', spec, { prefix: 'costs-bucket', ephemeralCache: false }),
  }
  const findings: Finding[] = []
  for (const [limiter, open] of Object.entries(contestants)) {
    const opened = open()
    const passed: boolean[] = []
    for (const cost of [8, 5, 2]) passed.push(await opened.take('account', cost))
    const seen = passed.map((isAdmitted) => (isAdmitted ? 'passes' : 'refused')).join(', ')
    findings.push({ attack, limiter, bound: expected, seen, isKept: seen === expected })
  }
  const without = ['express-rate-limit', '@fastify/rate-limit', 'hono-rate-limiter']
  return [...findings, ...without.map((limiter) => ({ attack, limiter, bound: expected, seen: 'knows no costs', isKept: undefined }))]
}

/** 1 in 30 days, which is longer than a timer of Node can wait. */
export async function outlastTimers(client: Redis): Promise<Finding[]> {
  const spec: LimitSpec = { limit: 1, windowMs: 30 * dayMs, burst: 1 }
  const attack = '1 in 30 days: again after 20 ms, 1 day, 29 days'
  const contestants: Record<string, { readonly open: () => Limiter; readonly isRemote?: boolean }> = {
    'holdfast bucket': { open: () => holdfastInMemory('bucket', spec) },
    'holdfast window': { open: () => holdfastInMemory('window', spec) },
    ...Object.fromEntries(Object.entries(memoryLimiters).map(([name, open]) => [name, { open: () => open(spec) }])),
    '@upstash slidingWindow': { open: () => upstash(client, 'slidingWindow', spec, { prefix: 'long' }), isRemote: true },
  }
  const findings: Finding[] = []
  for (const [limiter, { open, isRemote = false }] of Object.entries(contestants)) {
    const passed = await inVirtualTime(start, { timers: !isRemote }, async (time) => {
      const opened = open()
      await opened.take('account')
      const again: boolean[] = []
      for (const after of [20, dayMs, 29 * dayMs]) {
        time.goTo(start + after)
        again.push(await opened.take('account'))
      }
      return again
    })
    const seen = passed.map((isAdmitted) => (isAdmitted ? 'passes' : 'refused')).join(', ')
    findings.push({ attack, limiter, bound: 'all refused', seen, isKept: !passed.includes(true) })
  }
  return findings
}
