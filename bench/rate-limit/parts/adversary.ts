import { Redis } from 'ioredis'
import { startRedis } from '../../../test/servers/redis.ts'
import { progress } from '../../harness/progress.ts'
import { disagreeAboutTime } from '../adversary/clocks.ts'
import type { Finding } from '../adversary/finding.ts'
import { floodWithKeys } from '../adversary/keys.ts'
import { outlastTimers, payForRefusals, useUpTheDay } from '../adversary/misuse.ts'
import { loseRedis } from '../adversary/outage.ts'
import { fillWindows } from '../adversary/windows.ts'
import type { Part } from '../part.ts'

/** What limiters let through when callers mean ill, servers disagree about the time, or Redis is gone. */
export const adversary: Part = {
  name: 'adversary',
  title: 'what is let through when callers mean ill, clocks differ or Redis is gone, beside what is promised',
  async run(options) {
    const server = await startRedis()
    const client = new Redis(server.url)
    const findings: Finding[] = []
    const attacks = [
      () => fillWindows(client),
      useUpTheDay,
      () => payForRefusals(client),
      () => outlastTimers(client),
      () => disagreeAboutTime(server.url, options),
      () => floodWithKeys(options),
      loseRedis,
    ]
    try {
      for (const attack of attacks) {
        findings.push(...(await attack()))
        progress(`  ${findings.at(-1)?.attack}`)
      }
    } finally {
      client.disconnect()
      await server.stop()
    }
    return [
      {
        title: 'adversary: what is promised and what was seen',
        head: ['attack', 'limiter', 'bound', 'seen', ''],
        cells: findings.map(({ attack, limiter, bound, seen, isKept }, index) => [
          findings[index - 1]?.attack === attack ? '' : attack,
          limiter,
          bound,
          seen,
          isKept === undefined ? '' : isKept ? 'kept' : 'EXCEEDS',
        ]),
        notes: [
          'The process has a virtual clock, with timers that behave as those of Node, except where Redis has the clock.',
          '@upstash/ratelimit runs over ioredis, without the first line of its scripts, which a plain Redis refuses.',
        ],
      },
    ]
  },
}
