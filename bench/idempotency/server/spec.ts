export type Framework = 'node' | 'express' | 'fastify' | 'hono'

/** What stands between the framework and the handler. */
export type Guard =
  /** Nothing: what everything is compared with. */
  | 'bare'
  /** The adapter round a policy that does nothing. */
  | 'pass'
  /** A declared API that does not know the route. */
  | 'undeclared'
  /** Two plain SET commands a call: what a client of Redis costs by itself. */
  | 'two-sets'
  /** A table of keys in the handler's own transaction, as one writes it without a library. */
  | 'by-hand'
  | 'holdfast'
  | 'node-idempotency'
  | 'express-idempotency'

/** Where answers, and effects where there are any, are kept. */
export type Storage =
  | { readonly kind: 'memory' }
  | { readonly kind: 'ioredis'; readonly url: string }
  | { readonly kind: 'node-redis'; readonly url: string }
  | { readonly kind: 'sqlite'; readonly file: string }
  | { readonly kind: 'postgres'; readonly url: string }

/** One server to measure. */
export interface ServerSpec {
  readonly framework: Framework
  readonly guard: Guard
  readonly storage: Storage
}

/** What a server has used and done since it started. */
export interface Usage {
  readonly cpuUs: number
  /** How often the handler ran. */
  readonly runs: number
  /** How often Postgres said that it is ready for the next message: round trips. */
  readonly roundTrips: number
}
