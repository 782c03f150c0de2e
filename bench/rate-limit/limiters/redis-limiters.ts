import { createHash } from 'node:crypto'
import { createRequire } from 'node:module'
import { fromIoredis, redis } from 'holdfast/redis'
import type { Redis } from 'ioredis'
import { numbersOf, onStore } from './holdfast.ts'
import type { HoldfastKind } from './holdfast.ts'
import type { LimitSpec, Limiter } from './limiter.ts'
import { consumed } from './memory-peers.ts'

// Loaded by name, with the types stated here: the rest of the repository is checked without the peers being installed.
const require = createRequire(import.meta.url)

/** Several limits of Holdfast in one take. */
export function holdfastOnRedis(client: Redis, kind: HoldfastKind, specs: readonly LimitSpec[]): Limiter {
  const { limits } = redis(fromIoredis(client))
  return onStore(
    limits,
    specs.map((spec, index) => numbersOf(kind, `limit-${index}`, spec)),
  )
}

interface FlexibleLimiter {
  consume(key: string, points: number): Promise<unknown>
}

interface Flexible {
  readonly RateLimiterRedis: new (options: object) => FlexibleLimiter
  readonly RateLimiterMemory: new (options: object) => FlexibleLimiter
  readonly RateLimiterUnion: new (...limiters: FlexibleLimiter[]) => FlexibleLimiter
}

/** How `rate-limiter-flexible` goes on without Redis. */
export interface FlexibleOptions {
  /** Its `insuranceLimiter` in memory. */
  readonly isInsured?: boolean
}

/** `RateLimiterRedis` of `rate-limiter-flexible`; of several limits its `RateLimiterUnion`. */
export function flexibleOnRedis(client: Redis, specs: readonly LimitSpec[], { isInsured = false }: FlexibleOptions = {}): Limiter {
  const { RateLimiterRedis, RateLimiterMemory, RateLimiterUnion } = require('rate-limiter-flexible') as Flexible
  const limiters = specs.map(({ limit, windowMs }, index) => {
    const options = { points: limit, duration: windowMs / 1_000, keyPrefix: `flexible-${index}` }
    const insuranceLimiter = isInsured ? new RateLimiterMemory(options) : undefined
    return new RateLimiterRedis({ ...options, storeClient: client, ...(isInsured && { insuranceLimiter, rejectIfRedisNotReady: true }) })
  })
  const limiter = limiters.length === 1 ? (limiters[0] as FlexibleLimiter) : new RateLimiterUnion(...limiters)
  return { take: (key, cost = 1) => consumed(limiter, key, cost) }
}

interface HitStore {
  init(options: { windowMs: number }): Promise<void>
  increment(key: string): Promise<{ totalHits: number }>
}

/** The store `rate-limit-redis` of `express-rate-limit`. It knows no costs. */
export async function rateLimitRedis(client: Redis, { limit, windowMs }: LimitSpec, prefix = 'rl:'): Promise<Limiter> {
  const { RedisStore } = require('rate-limit-redis') as { RedisStore: new (options: object) => HitStore }
  const store = new RedisStore({ sendCommand: (name: string, ...args: string[]) => client.call(name, ...args), prefix })
  await store.init({ windowMs })
  return { take: async (key) => (await store.increment(key)).totalHits <= limit }
}

/** What `@upstash/ratelimit` offers of its algorithms. */
export type UpstashKind = 'fixedWindow' | 'slidingWindow' | 'tokenBucket'

/** Options of `@upstash/ratelimit`, under its own names. */
export interface UpstashOptions {
  readonly prefix?: string
  /** Its memory of who has been refused until when; `false` has none. */
  readonly ephemeralCache?: false
  /** Milliseconds after which it admits without an answer of Redis. @default 5,000 */
  readonly timeout?: number
}

interface Upstash {
  readonly Ratelimit: {
    new (options: object): { limit(key: string, options: { rate: number }): Promise<{ success: boolean }> }
    fixedWindow(limit: number, window: string): unknown
    slidingWindow(limit: number, window: string): unknown
    tokenBucket(refill: number, interval: string, most: number): unknown
  }
}

/**
 * `@upstash/ratelimit`. It is made for Upstash's HTTP client, and its scripts begin with a line of flags that a plain Redis refuses: this
 * leaves the line out, and sends the rest over ioredis.
 */
export function upstash(client: Redis, kind: UpstashKind, { limit, windowMs }: LimitSpec, options: UpstashOptions = {}): Limiter {
  const { Ratelimit } = require('@upstash/ratelimit') as Upstash
  const window = `${windowMs} ms`
  const limiter = kind === 'tokenBucket' ? Ratelimit.tokenBucket(limit, window, limit) : Ratelimit[kind](limit, window)
  const ratelimit = new Ratelimit({ redis: upstashClient(client), limiter, ...options })
  return { take: async (key, cost = 1) => (await ratelimit.limit(key, { rate: cost })).success }
}

function upstashClient(client: Redis): object {
  const digests = new Map<string, string>()
  return {
    async evalsha(digest: string, keys: readonly string[], args: readonly unknown[]): Promise<unknown> {
      const own = digests.get(digest)
      if (own === undefined) throw new Error('NOSCRIPT')
      return client.evalsha(own, keys.length, ...keys, ...args.map(String))
    },
    async eval(script: string, keys: readonly string[], args: readonly unknown[]): Promise<unknown> {
      const plain = script.replace(/^#!.*\n/, '')
      const result = await client.eval(plain, keys.length, ...keys, ...args.map(String))
      digests.set(sha1(script), sha1(plain))
      return result
    },
  }
}

function sha1(text: string): string {
  return createHash('sha1').update(text).digest('hex')
}
