import { assertWhole } from '../../core/checks.ts'
import { configurationError, storeUnavailable, systemClock } from '../../core/index.ts'
import type { Clock } from '../../core/index.ts'
import type { IdempotencyStore } from '../../idempotency/store.ts'
import type { LimitStore } from '../../rate-limit/store.ts'
import type { Encoding } from './codec.ts'
import type { RedisCommand, RedisTextCommand } from './command.ts'
import { redisIdempotency } from './idempotency.ts'
import type { WaitReplicas } from './idempotency.ts'
import { redisLimits } from './limits.ts'

export { fromIoredis, fromNodeRedis, fromNodeRedisCluster } from './clients.ts'
export type { IoredisClient, NodeRedisClient, NodeRedisCluster, NodeRedisOptions } from './clients.ts'
export type { RedisCommand, RedisTextCommand } from './command.ts'
export { redisDocuments } from './documents.ts'
export type { RedisDocumentOptions } from './documents.ts'
export type { WaitReplicas } from './idempotency.ts'

/** Options of {@link redis}. */
export interface RedisOptions {
  /**
   * What the name of every key begins with. Part of where records are: changing it forgets them all.
   *
   * On a Redis Cluster records spread over all nodes by their whole name. A quota counts an account's records in the same step
   * that adds one, which a cluster can only do within one slot: routes with a quota need a hash tag in the prefix, such as
   * `{holdfast}:`, which keeps the store on one node. Choose before the first record; a server that is no cluster does not care.
   *
   * @default 'holdfast:'
   */
  readonly prefix?: string
  /**
   * Waits until so many replicas have a claim or an answer, and rejects with `store-unavailable` when they do not confirm in time: a
   * failover then loses fewer records, though it still may lose some. Costs a second round trip, in which the connection serves
   * nobody else. WAIT looks at what its own connection wrote, so this is for one connection to one server: not for a pool, not for a
   * cluster.
   *
   * @default no waiting
   * @example
   * redis(command, { waitReplicas: { count: 1, timeoutMs: 100 } })
   */
  readonly waitReplicas?: WaitReplicas
  /**
   * How answers travel and are stored. `base64` lets a command function that carries only text do, for a third more memory and
   * traffic. As fixed as the prefix: answers recorded in one cannot be read in the other. Counters of limits lie the same in both.
   *
   * @default 'binary'
   */
  readonly encoding?: 'binary' | 'base64'
  /**
   * Counts every record of an account towards its quota, those made without a quota as well. By default only claims that carry a
   * quota are counted, so that routes without one pay nothing: enough where all routes have one, or none.
   *
   * @default false
   */
  readonly countEveryKey?: boolean
  /**
   * What the doctor compares the server's clock with. Leases and retentions always go by the server's.
   *
   * @default the machine's clock
   */
  readonly clock?: Clock
}

/** A store in Redis or Valkey. */
export interface RedisStore {
  readonly name: 'redis'
  readonly idempotency: IdempotencyStore
  /**
   * Counters of rate limits: one hash for each owner, one round trip however many limits. On a cluster owners are asked at the same time; when
   * one refuses, what the others hold is given back. Needs no persistence: a server that restarts empty lets every limit start anew.
   */
  readonly limits: LimitStore
  /** Makes operations reject with `store-unavailable` from now on. The client is yours and stays open. */
  close(): Promise<void>
}

/**
 * Keeps records in Redis (6.2 or later), Valkey, or a cluster of either: one round trip for each operation, by the server's clock.
 *
 * It promises `at-most-once` and `at-least-once`, and only as far as the server keeps what it has acknowledged: a failover may lose
 * the latest claims, and a server without an append-only file forgets all of them when it restarts. `idempotency.doctor()` tells.
 *
 * The store sets no timeouts, and drivers by default wait for ever: {@link fromIoredis} and {@link fromNodeRedis} say which client
 * options make an unreachable server an error.
 *
 * @example
 * const client = new Redis('redis://127.0.0.1:6379', { enableOfflineQueue: false, autoResendUnfulfilledCommands: false, commandTimeout: 1000 })
 * const store = redis(fromIoredis(client))
 * await store.idempotency.lookup('never-seen') // undefined
 */
export function redis(command: RedisCommand, options?: RedisOptions): RedisStore
export function redis(command: RedisTextCommand, options: RedisOptions & { readonly encoding: 'base64' }): RedisStore
export function redis(
  command: RedisCommand | RedisTextCommand,
  { prefix = 'holdfast:', waitReplicas, encoding = 'binary', countEveryKey = false, clock = systemClock }: RedisOptions = {},
): RedisStore {
  assertOptions(command, prefix, encoding, waitReplicas)
  let closed = false
  const guarded: RedisCommand = (...args) =>
    closed ? Promise.reject(storeUnavailable('the Redis store is closed')) : (command as RedisCommand)(...args)
  return {
    name: 'redis',
    idempotency: redisIdempotency({ command: guarded, prefix, encoding, countEveryKey, waitReplicas, clock }),
    limits: redisLimits({ command: guarded, prefix, encoding }),
    close() {
      closed = true
      return Promise.resolve()
    },
  }
}

function assertOptions(command: unknown, prefix: unknown, encoding: Encoding, waitReplicas: WaitReplicas | undefined): void {
  if (typeof command !== 'function')
    throw configurationError(
      `expected a command function, got ${typeof command}; make one with fromIoredis(client) or fromNodeRedis(client)`,
    )
  if (typeof prefix !== 'string') throw configurationError(`expected prefix to be a string, got ${typeof prefix}`)
  if (encoding !== 'binary' && encoding !== 'base64')
    throw configurationError(`expected encoding to be 'binary' or 'base64', got ${String(encoding)}`)
  if (waitReplicas === undefined) return
  const { count, timeoutMs } = waitReplicas
  assertWhole('waitReplicas.count', count, 1)
  // To WAIT, 0 means for ever.
  assertWhole('waitReplicas.timeoutMs', timeoutMs, 1)
}
