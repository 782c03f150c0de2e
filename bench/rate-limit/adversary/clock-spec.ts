/** Limiters on Redis that app servers share. */
export const remoteLimiters = [
  'holdfast window',
  'holdfast bucket',
  'rate-limiter-flexible',
  'rate-limit-redis',
  '@upstash fixedWindow',
  '@upstash slidingWindow',
  '@upstash tokenBucket',
] as const

/** One of them. */
export type RemoteLimiter = (typeof remoteLimiters)[number]

/** One app server whose clock is wrong. */
export interface ClockSpec {
  readonly url: string
  readonly aheadMs: number
  readonly calls: number
}
