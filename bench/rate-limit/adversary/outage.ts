import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { defineApi } from 'holdfast'
import { holdfast } from 'holdfast/fetch'
import { fromIoredis, redis } from 'holdfast/redis'
import { Redis } from 'ioredis'
import { startRedis } from '../../../test/servers/redis.ts'
import type { LimitSpec, Limiter } from '../limiters/limiter.ts'
import { flexibleOnRedis, rateLimitRedis, upstash } from '../limiters/redis-limiters.ts'
import type { Finding } from './finding.ts'

/** So much that nothing is refused but for the outage. */
const spec: LimitSpec = { limit: 10_000, windowMs: 60_000, burst: 10_000 }
const giveUpMs = 6_000
const calls = 100
const betweenMs = 10
/** [R30] What the first call and those after it may take. */
const [firstMs, nextMs] = [60, 1]

type Answer = 'admitted' | 'refused' | 'failed' | 'none'

interface Timed {
  readonly ms: number
  readonly answer: Answer
}

/** What calls wait for while Redis is stopped, or gone: the first one, and 100 more that come every 10 ms. */
export async function loseRedis(): Promise<Finding[]> {
  return [...(await lose('SIGSTOP')), ...(await lose('SIGKILL'))]
}

async function lose(signal: 'SIGSTOP' | 'SIGKILL'): Promise<Finding[]> {
  const server = await startRedis()
  const clients: Redis[] = []
  const connect = (options: object = {}): Redis => {
    const client = new Redis(server.url, options)
    client.on('error', () => {})
    clients.push(client)
    return client
  }
  try {
    const contestants = await open(connect)
    // Without a queue, calls before there is a connection are decided without Redis.
    for (const client of clients) if (client.status !== 'ready') await once(client, 'ready')
    for (const limiter of Object.values(contestants)) for (let call = 0; call < 20; call++) await limiter.take('account')
    await (signal === 'SIGSTOP' ? server.pause() : server.kill())
    const attack = `Redis gets ${signal}: the first call, and 100 more every ${betweenMs} ms`
    return await Promise.all(
      Object.entries(contestants).map(async ([name, limiter]) => ({ attack, limiter: name, ...(await suffer(limiter)) })),
    )
  } finally {
    for (const client of clients) client.disconnect()
    if (signal === 'SIGSTOP') await server.resume()
    await server.stop().catch(() => {})
  }
}

async function open(connect: (options?: object) => Redis): Promise<Record<string, Limiter>> {
  return {
    holdfast: throughAnApi(connect({ enableOfflineQueue: false, autoResendUnfulfilledCommands: false, maxRetriesPerRequest: 0 })),
    'rate-limiter-flexible': flexibleOnRedis(connect(), [spec]),
    'rate-limiter-flexible, insured, no offline queue': flexibleOnRedis(connect({ enableOfflineQueue: false }), [spec], {
      isInsured: true,
    }),
    'rate-limit-redis': await rateLimitRedis(connect(), spec),
    '@upstash slidingWindow': upstash(connect(), 'slidingWindow', spec),
  }
}

/** As an application has it: the time limit of Holdfast is its policy's. */
function throughAnApi(client: Redis): Limiter {
  const store = redis(fromIoredis(client))
  const limits = [{ name: 'limit', limit: spec.limit, windowSeconds: spec.windowMs / 1_000, burst: spec.limit }]
  const account = (head: { headers: { get(name: string): string | null } }): string | undefined =>
    head.headers.get('authorization') ?? undefined
  const api = defineApi({ store, account, secret: 'only-for-measuring', limits, routes: { 'GET /thing': {} } })
  const answer = holdfast(api, () => new Response('thing'))
  return {
    async take(key) {
      const { status } = await answer(new Request('http://localhost/thing', { headers: { authorization: key } }))
      if (status === 503) throw new Error('the store is unavailable')
      return status === 200
    },
  }
}

async function suffer(limiter: Limiter): Promise<Pick<Finding, 'bound' | 'seen' | 'isKept'>> {
  const first = await timed(limiter)
  const rest: Promise<Timed>[] = []
  for (let call = 0; call < calls; call++) {
    await sleep(betweenMs)
    rest.push(timed(limiter))
  }
  return judge(first, await Promise.all(rest))
}

async function timed(limiter: Limiter): Promise<Timed> {
  const startedAt = performance.now()
  const giveUp = new AbortController()
  const answer = await Promise.race<Answer>([
    Promise.resolve(limiter.take('account')).then(
      (isAdmitted) => (isAdmitted ? 'admitted' : 'refused'),
      () => 'failed',
    ),
    sleep(giveUpMs, 'none', { signal: giveUp.signal }) as Promise<Answer>,
  ])
  giveUp.abort()
  return { ms: performance.now() - startedAt, answer }
}

function judge({ ms, answer }: Timed, rest: readonly Timed[]): Pick<Finding, 'bound' | 'seen' | 'isKept'> {
  const sorted = rest.map(({ ms }) => ms).toSorted((a, b) => a - b)
  const [median, longest] = [sorted[Math.floor(sorted.length / 2)] ?? 0, sorted.at(-1) ?? 0]
  const counts = ['admitted', 'refused', 'failed', 'none'].map(
    (answer) => [answer, rest.filter((each) => each.answer === answer).length] as const,
  )
  const answers = counts
    .filter(([, count]) => count > 0)
    .map(([answer, count]) => `${count} ${answer === 'none' ? 'without an answer' : answer}`)
  return {
    bound: `first <= ${firstMs} ms, then < ${nextMs} ms, answered`,
    seen: `${describe(ms)} ${answer === 'none' ? 'without an answer' : answer}; then median ${describe(median)}, longest ${describe(longest)}: ${answers.join(', ')}`,
    isKept: ms <= firstMs && median < nextMs && rest.every((each) => each.answer === 'admitted'),
  }
}

function describe(ms: number): string {
  return ms >= giveUpMs ? `> ${giveUpMs / 1_000} s` : `${ms.toFixed(ms < 10 ? 2 : 0)} ms`
}
