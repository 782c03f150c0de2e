// One app server whose clock is wrong, and limiters on a Redis that others share
import { Redis } from 'ioredis'
import { answerParent, specOf } from '../../harness/answer-parent.ts'
import type { LimitSpec, Limiter } from '../limiters/limiter.ts'
import { flexibleOnRedis, holdfastOnRedis, rateLimitRedis, upstash } from '../limiters/redis-limiters.ts'
import type { ClockSpec, RemoteLimiter } from './clock-spec.ts'

const { url, aheadMs, calls } = specOf<ClockSpec>()
const RealDate = Date
globalThis.Date = class extends RealDate {
  constructor(...args: []) {
    super(...((args.length === 0 ? [RealDate.now() + aheadMs] : args) as []))
  }
  static override now(): number {
    return RealDate.now() + aheadMs
  }
} as DateConstructor

const spec: LimitSpec = { limit: 10, windowMs: 10_000, burst: 9 }
const client = new Redis(url)
const limiters: Readonly<Record<RemoteLimiter, Limiter>> = {
  'holdfast window': holdfastOnRedis(client, 'window', [spec]),
  'holdfast bucket': holdfastOnRedis(client, 'bucket', [spec]),
  'rate-limiter-flexible': flexibleOnRedis(client, [spec]),
  'rate-limit-redis': await rateLimitRedis(client, spec),
  '@upstash fixedWindow': upstash(client, 'fixedWindow', spec, { prefix: 'fixed' }),
  '@upstash slidingWindow': upstash(client, 'slidingWindow', spec, { prefix: 'sliding' }),
  '@upstash tokenBucket': upstash(client, 'tokenBucket', spec, { prefix: 'bucket' }),
}

answerParent(null, async (name) => {
  const limiter = limiters[name as RemoteLimiter]
  let admitted = 0
  for (let call = 0; call < calls; call++) if (await limiter.take(name)) admitted += 1
  return admitted
})
