export type Framework = 'node' | 'express' | 'fastify' | 'hono'

/** What stands between the framework and the handler. */
export type Guard =
  | 'bare'
  | 'holdfast'
  /** Three limits in one take. */
  | 'holdfast, 3 limits'
  | 'express-rate-limit'
  | 'rate-limiter-flexible'
  | '@fastify/rate-limit'
  | 'hono-rate-limiter'

/** One server to measure. */
export interface ServerSpec {
  readonly framework: Framework
  readonly guard: Guard
  /** Calls an account may make in an hour. */
  readonly limit: number
}

/** What a server has used since it started. */
export interface Usage {
  readonly cpuUs: number
  readonly heapBytes: number
}
