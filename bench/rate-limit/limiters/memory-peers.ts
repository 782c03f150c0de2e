import { createRequire } from 'node:module'
import type { LimitSpec, Limiter } from './limiter.ts'

// Loaded by name, with the types stated here: the rest of the repository is checked without the peers being installed.
const require = createRequire(import.meta.url)

/** A counter in a map, which nothing ever leaves and which no time goes by. */
export function bareMap({ limit }: LimitSpec): Limiter {
  const counts = new Map<string, number>()
  return {
    take(key) {
      const count = (counts.get(key) ?? 0) + 1
      counts.set(key, count)
      return count <= limit
    },
  }
}

/** Counters in a map with a window of each key, as one writes it by hand: the least that limits anything. Nothing ever leaves. */
export function bareWindow({ limit, windowMs }: LimitSpec): Limiter {
  const windows = new Map<string, { count: number; endsAt: number }>()
  return {
    take(key) {
      const now = Date.now()
      const window = windows.get(key)
      if (window === undefined) {
        windows.set(key, { count: 1, endsAt: now + windowMs })
        return limit >= 1
      }
      if (window.endsAt <= now) {
        window.count = 0
        window.endsAt = now + windowMs
      }
      window.count += 1
      return window.count <= limit
    },
  }
}

interface HitStore {
  init(options: { windowMs: number }): void
  increment(key: string): { totalHits: number } | Promise<{ totalHits: number }>
  shutdown(): void
}

/** The store of `express-rate-limit`. It knows no costs. */
export function expressRateLimit({ limit, windowMs }: LimitSpec): Limiter {
  const { MemoryStore } = require('express-rate-limit') as { MemoryStore: new () => HitStore }
  return onHitStore(new MemoryStore(), limit, windowMs)
}

/** The store of `hono-rate-limiter`. It knows no costs. */
export function honoRateLimiter({ limit, windowMs }: LimitSpec): Limiter {
  const { MemoryStore } = require('hono-rate-limiter') as { MemoryStore: new () => HitStore }
  return onHitStore(new MemoryStore(), limit, windowMs)
}

function onHitStore(store: HitStore, limit: number, windowMs: number): Limiter {
  store.init({ windowMs })
  return {
    take(key) {
      const info = store.increment(key)
      return 'then' in info ? info.then(({ totalHits }) => totalHits <= limit) : info.totalHits <= limit
    },
    stop: () => store.shutdown(),
  }
}

interface LocalStore {
  incr(key: string, callback: (error: null, found: { current: number }) => void, windowMs: number, most: number): void
}

/** The store of `@fastify/rate-limit`, which the plugin gives 5,000 keys unless told otherwise. It knows no costs. */
export function fastifyRateLimit({ limit, windowMs, mostKeys = 5_000 }: LimitSpec): Limiter {
  const Store = require('@fastify/rate-limit/store/LocalStore.js') as new (
    continues: boolean,
    backsOff: boolean,
    keys: number,
  ) => LocalStore
  const store = new Store(false, false, mostKeys)
  return {
    take(key) {
      let isAdmitted = false
      store.incr(key, (_, { current }) => (isAdmitted = current <= limit), windowMs, limit)
      return isAdmitted
    },
  }
}

interface FlexibleLimiter {
  consume(key: string, points: number): Promise<unknown>
}

/** What `rate-limiter-flexible` says by an exception is a refusal, unless it is an error. */
export async function consumed(limiter: FlexibleLimiter, key: string, cost: number): Promise<boolean> {
  try {
    await limiter.consume(key, cost)
    return true
  } catch (refusal) {
    if (refusal instanceof Error) throw refusal
    return false
  }
}

/** `RateLimiterMemory` of `rate-limiter-flexible`. */
export function flexibleInMemory({ limit, windowMs }: LimitSpec): Limiter {
  const { RateLimiterMemory } = require('rate-limiter-flexible') as { RateLimiterMemory: new (options: object) => FlexibleLimiter }
  const limiter = new RateLimiterMemory({ points: limit, duration: windowMs / 1_000 })
  return { take: (key, cost = 1) => consumed(limiter, key, cost) }
}

/** Several limits of `rate-limiter-flexible` that all count a call: its `RateLimiterUnion`. */
export function flexibleUnion(specs: readonly LimitSpec[]): Limiter {
  const { RateLimiterMemory, RateLimiterUnion } = require('rate-limiter-flexible') as {
    RateLimiterMemory: new (options: object) => FlexibleLimiter
    RateLimiterUnion: new (...limiters: FlexibleLimiter[]) => FlexibleLimiter
  }
  const limiters = specs.map(
    ({ limit, windowMs }, index) => new RateLimiterMemory({ points: limit, duration: windowMs / 1_000, keyPrefix: String(index) }),
  )
  const union = new RateLimiterUnion(...limiters)
  return { take: (key, cost = 1) => consumed(union, key, cost) }
}

/** Limiters one after the other, as middleware is mounted: what an earlier one has counted stays counted when a later one refuses. */
export function inTurn(limiters: readonly Limiter[]): Limiter {
  return {
    async take(key, cost) {
      for (const limiter of limiters) if (!(await limiter.take(key, cost))) return false
      return true
    },
    stop: () => limiters.forEach((limiter) => limiter.stop?.()),
  }
}

/** Limiters in memory by name. */
export const memoryLimiters = {
  'express-rate-limit': expressRateLimit,
  'rate-limiter-flexible': flexibleInMemory,
  '@fastify/rate-limit': fastifyRateLimit,
  'hono-rate-limiter': honoRateLimiter,
} as const
