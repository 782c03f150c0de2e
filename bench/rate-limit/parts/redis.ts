import { createHash } from 'node:crypto'
import { fromIoredis } from 'holdfast/redis'
import { Redis } from 'ioredis'
import { startRedis } from '../../../test/servers/redis.ts'
import { progress } from '../../harness/progress.ts'
import type { Row, Table } from '../../harness/report.ts'
import { quantile, ratios, spreadOf } from '../../harness/statistics.ts'
import type { LimitSpec, Limiter } from '../limiters/limiter.ts'
import { inTurn } from '../limiters/memory-peers.ts'
import { flexibleOnRedis, holdfastOnRedis, rateLimitRedis, upstash } from '../limiters/redis-limiters.ts'
import type { Part } from '../part.ts'

const minute: LimitSpec = { limit: 1e9, windowMs: 60_000, burst: 1e9 }
const three: readonly LimitSpec[] = [minute, { ...minute, windowMs: 3_600_000 }, { ...minute, windowMs: 86_400_000 }]
/** Takes of one subject before it is another's turn: a busy moment of the machine is longer, and meets all of them. */
const [inRow, atOnce] = [25, 64]
const turns = 20
const inFlight = 32
const accounts = 1_000
const baseline = 'bare EVALSHA'
const needed = (limits: number): string => `EVALSHA, TIME, HMGET and HSET of ${limits}`

/** One way of using the limiters. */
interface Subject {
  readonly name: string
  readonly limiter: Limiter
}

/** What one round measured of one subject. */
interface Sample {
  /** Median, one take after the other. */
  readonly latencyUs: number
  /** With 32 takes at once. */
  readonly usEach: number
}

/** A take on Redis beside a bare script and peers. */
export const redis: Part = {
  name: 'redis',
  title: 'a take on Redis, of one limit and of three, beside a bare EVALSHA and peers',
  async run({ rounds = 15 }) {
    const server = await startRedis()
    const client = new Redis(server.url)
    try {
      const subjects = await open(client)
      const trips = await countTrips(client, subjects)
      const samples: Sample[][] = subjects.map(() => [])
      for (let round = -2; round < rounds; round++) {
        const measured = await measure(subjects)
        if (round >= 0) for (const [index, sample] of measured.entries()) samples[index]?.push(sample)
        if (round > 0 && round % 5 === 0) progress(`  round ${round} of ${rounds}`)
      }
      const names = subjects.map(({ name }, index) => `${name}: ${(trips[index] as number).toFixed(0)}`)
      return [
        table('redis: one take after the other', 'us, median', names, samples, ({ latencyUs }) => latencyUs),
        table(`redis: ${inFlight} takes at once`, 'us a take', names, samples, ({ usEach }) => usEach),
        decisions(subjects, samples),
      ]
    } finally {
      client.disconnect()
      await server.stop()
    }
  },
}

async function open(client: Redis): Promise<Subject[]> {
  const inRows = await Promise.all(three.map((spec, index) => rateLimitRedis(client, spec, `row-${index}:`)))
  const upstashes = three.map((spec, index) => upstash(client, 'slidingWindow', spec, { prefix: `row-${index}` }))
  return [
    { name: baseline, limiter: await script(client, "return 'nothing'") },
    { name: needed(1), limiter: await script(client, readsAndWrites(1)) },
    { name: needed(3), limiter: await script(client, readsAndWrites(3)) },
    { name: 'holdfast, 1 limit', limiter: holdfastOnRedis(client, 'bucket', [minute]) },
    { name: 'holdfast, 3 limits', limiter: holdfastOnRedis(client, 'bucket', three) },
    { name: 'holdfast, 3 windows', limiter: holdfastOnRedis(client, 'window', three) },
    { name: 'rate-limiter-flexible, 1 limit', limiter: flexibleOnRedis(client, [minute]) },
    { name: 'rate-limiter-flexible, union of 3', limiter: flexibleOnRedis(client, three) },
    { name: 'rate-limit-redis, 1 limit', limiter: await rateLimitRedis(client, minute, 'one:') },
    { name: 'rate-limit-redis, 3 in turn', limiter: inTurn(inRows) },
    { name: '@upstash slidingWindow, 1 limit', limiter: upstash(client, 'slidingWindow', minute, { prefix: 'one' }) },
    { name: '@upstash slidingWindow, 3 in turn', limiter: inTurn(upstashes) },
  ]
}

/** The commands that a take needs, and nothing that decides anything. */
function readsAndWrites(limits: number): string {
  const fields = Array.from({ length: limits }, (_, index) => `'limit-${index}'`)
  const writes = fields.map((field) => `${field}, '1767571200000 30000 1767571200000 60000'`)
  return `redis.call('TIME') redis.call('HMGET', KEYS[1], ${fields.join()}) redis.call('HSET', KEYS[1], ${writes.join()}) return { 1, 1767571200000 }`
}

/** A script over the same function that sends Holdfast's: what a trip costs. */
async function script(client: Redis, source: string): Promise<Limiter> {
  const digest = createHash('sha1').update(source).digest('hex')
  await client.script('LOAD', source)
  const command = fromIoredis(client)
  return {
    async take(key) {
      await command('EVALSHA', digest, '1', `bare:${key}`)
      return true
    },
  }
}

/** All subjects in turns, every other time in reverse. */
async function measure(subjects: readonly Subject[]): Promise<Sample[]> {
  const found = subjects.map(({ limiter }) => ({ take: limiter.take, latencies: [] as number[], usAtOnce: 0 }))
  for (let turn = 0; turn < turns; turn++)
    for (const each of turn % 2 === 0 ? found : found.toReversed()) {
      for (let call = 0; call < inRow; call++) each.latencies.push(await usOf(() => passes(each.take, turn * inRow + call)))
      each.usAtOnce += await usOf(() => takeAtOnce(each.take, turn * atOnce))
    }
  return found.map(({ latencies, usAtOnce }) => ({
    latencyUs: quantile(
      latencies.toSorted((a, b) => a - b),
      0.5,
    ),
    usEach: usAtOnce / (turns * atOnce),
  }))
}

async function takeAtOnce(take: Limiter['take'], first: number): Promise<void> {
  let sent = 0
  const work = async (): Promise<void> => {
    while (sent < atOnce) await passes(take, first + sent++)
  }
  await Promise.all(Array.from({ length: inFlight }, work))
}

async function usOf(run: () => Promise<void>): Promise<number> {
  const startedAt = performance.now()
  await run()
  return (performance.now() - startedAt) * 1_000
}

async function passes(take: Limiter['take'], call: number): Promise<void> {
  if (!(await take(`account-${call % accounts}`))) throw new Error('a call far below its limit was refused')
}

/** Scripts that a take of each has run, as the server counts them: a trip each. */
async function countTrips(client: Redis, subjects: readonly Subject[]): Promise<number[]> {
  const counts: number[] = []
  for (const { limiter } of subjects) {
    await limiter.take('counted')
    await client.config('RESETSTAT')
    for (let call = 0; call < 10; call++) await limiter.take('counted')
    const statistics = await client.info('commandstats')
    const [, scripts = '0'] = /cmdstat_evalsha:calls=(\d+)/.exec(statistics) ?? []
    counts.push(Number(scripts) / 10)
  }
  return counts
}

function table(
  title: string,
  unit: string,
  names: readonly string[],
  samples: readonly Sample[][],
  pick: (sample: Sample) => number,
): Table {
  const bareOnes = (samples[0] as Sample[]).map(pick)
  return {
    title,
    unit,
    notes: [
      'ratio: time of this / time of a script that does nothing, round by round; after each name, the scripts one take runs',
      '@upstash/ratelimit runs over ioredis, without the first line of its scripts, which a plain Redis refuses',
    ],
    rows: names.map((name, index): Row => {
      const own = (samples[index] as Sample[]).map(pick)
      if (index === 0) return { name, measured: spreadOf(own) }
      const judged = name.startsWith('holdfast') && { target: { atMost: 1.1 } }
      return { name, measured: spreadOf(own), ratio: spreadOf(ratios(own, bareOnes)), ...judged }
    }),
  }
}

/** What deciding adds to the commands without which there is no take. */
function decisions(subjects: readonly Subject[], samples: readonly Sample[][]): Table {
  const latencies = (name: string): number[] =>
    (samples[subjects.findIndex((subject) => subject.name === name)] as Sample[]).map(({ latencyUs }) => latencyUs)
  const rows = ([limits, name]: readonly [number, string]): Row => {
    const own = latencies(name)
    return { name, measured: spreadOf(own), ratio: spreadOf(ratios(own, latencies(needed(limits)))) }
  }
  return {
    title: 'redis: one take after the other, beside the commands it needs',
    unit: 'us, median',
    notes: ['ratio: time of this / time of a script that reads the clock, and reads and writes as many fields of a hash, round by round'],
    rows: (
      [
        [1, 'holdfast, 1 limit'],
        [3, 'holdfast, 3 limits'],
        [3, 'holdfast, 3 windows'],
      ] as const
    ).map(rows),
  }
}
