import type { Call } from '../../core/call.ts'
import { currentCall } from '../../core/current.ts'
import { configurationError } from '../../core/errors.ts'
import { transactionFact } from '../../core/facts.ts'
import type { IdempotencyStore } from '../../idempotency/store.ts'
import type { VersionStore } from '../../versioning/store.ts'
import type { LimitStore } from '../../rate-limit/store.ts'
import { abandon, claim, complete, heartbeat, lookup, release, resolve } from './claim.ts'
import { collect } from './collect.ts'
import type { Context, Isolation } from './context.ts'
import { examine, findSchema } from './doctor.ts'
import { ignoreIdleErrors } from './driver.ts'
import type { PostgresClient, PostgresPool } from './driver.ts'
import { toUnavailable } from './failure.ts'
import { postgresLimits } from './limits.ts'
import { assertName, namesOf } from './names.ts'
import type { Names } from './names.ts'
import { transactPlainly } from './plain-transaction.ts'
import { migrate } from './schema.ts'
import { step } from './step.ts'
import { transact } from './transact.ts'
import { postgresVersions } from './versions.ts'

/** How the store uses its database. */
export interface PostgresOptions {
  /**
   * The schema its tables are in; made when it is not there.
   *
   * @default the first schema of the connection's `search_path`
   */
  readonly schema?: string
  /**
   * The table of records, and what the names of everything else begin with.
   *
   * @default 'holdfast_keys'
   */
  readonly table?: string
  /**
   * The isolation of handlers' transactions. Stricter ones make handlers fail with conflicts (SQLSTATE 40001), which pass through.
   *
   * @default 'read committed'
   */
  readonly isolation?: Isolation
  /**
   * The longest one message of the store's own may take; then its connection is closed and the operation fails.
   *
   * @default 10_000
   */
  readonly timeoutMs?: number
  /**
   * The longest a handler's transaction may stay open; then its connection is closed and nothing is committed.
   *
   * @default 60_000
   */
  readonly transactionTimeoutMs?: number
}

/** Keeps keys in Postgres: their records are committed together with the effects of handlers that write to the same database. */
export interface PostgresStore {
  readonly name: 'postgres'
  readonly idempotency: IdempotencyStore
  /**
   * Counters of rate limits, in an UNLOGGED table: one round trip however many limits, exact over all processes. A crash of the server, or a
   * failover, empties the table and every limit starts anew.
   */
  readonly limits: LimitStore
  /** Version pins, usage by version, and retirements. */
  readonly versions: VersionStore
  /**
   * The connection of the transaction that the current call, or the one given, runs in. Type it as your driver's own:
   * `store.transaction<pg.PoolClient>()`.
   */
  transaction<Client extends PostgresClient = PostgresClient>(call?: Call): Client
  /** Makes the tables, or brings them up to date. Done on first use, too; run it at deployment where the API's role may not create tables. */
  migrate(): Promise<void>
  /** Stops using the pool, which stays the caller's to end. */
  close(): Promise<void>
}

const isolations: readonly Isolation[] = ['read committed', 'repeatable read', 'serializable']

/**
 * Makes a store of a Postgres database. Any number of processes share it. The pool may be one of `pg` or, through `fromPostgresJs`, of
 * postgres.js; poolers in transaction mode are fine.
 *
 * @example
 * const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL })
 * const store = postgres(pool)
 * // in a handler of an exactly-once route:
 * await store.transaction().query('INSERT INTO transfers (id, amount) VALUES ($1, $2)', [id, amount])
 */
export function postgres(pool: PostgresPool, options: PostgresOptions = {}): PostgresStore {
  const { schema, table = 'holdfast_keys', isolation = 'read committed', timeoutMs = 10_000, transactionTimeoutMs = 60_000 } = options
  if (typeof pool?.connect !== 'function')
    throw configurationError('expected a pool with connect() and query(), as pg.Pool is; wrap postgres.js in fromPostgresJs(sql)')
  if (schema !== undefined) assertName('schema', schema)
  assertName('table', table)
  if (!isolations.includes(isolation))
    throw configurationError(`expected isolation to be one of ${isolations.join(', ')}, got ${String(isolation)}`)
  assertSpan('timeoutMs', timeoutMs)
  assertSpan('transactionTimeoutMs', transactionTimeoutMs)

  const stopListening = ignoreIdleErrors(pool)
  let names: Promise<Names> | undefined
  let migrated: Promise<Names> | undefined

  /** Keeps a success, and tries again after a failure. */
  function locate(): Promise<Names> {
    names ??= findSchema({ pool, timeoutMs }, schema).then(
      (found) => namesOf(found, table),
      (error: unknown) => {
        names = undefined
        throw error
      },
    )
    return names
  }

  async function prepare(): Promise<Names> {
    const found = await locate()
    await migrate(pool, timeoutMs, found)
    return found
  }

  function ready(): Promise<Names> {
    migrated ??= prepare().catch((error: unknown) => {
      migrated = undefined
      throw error
    })
    return migrated
  }

  const context: Context = { pool, timeoutMs, transactionTimeoutMs, isolation, ready }

  return {
    name: 'postgres',
    idempotency: toIdempotencyStore(context, locate),
    limits: postgresLimits(context),
    versions: postgresVersions(context),
    transaction<Client extends PostgresClient>(call?: Call): Client {
      const found = (call ?? currentCall()).facts.get(transactionFact)
      if (found === undefined)
        throw configurationError(
          "store.transaction() was called by a handler that runs in no transaction; declare its route with idempotency: 'exactly-once'",
        )
      if (!isClient(found)) throw configurationError('store.transaction() was called by a handler whose transaction is of another store')
      return found as Client
    },
    migrate: async () => {
      migrated = undefined
      await ready().catch((error: unknown) => {
        throw toUnavailable(error)
      })
    },
    close: async () => stopListening(),
  }
}

function toIdempotencyStore(context: Context, locate: () => Promise<Names>): IdempotencyStore {
  return {
    name: 'postgres',
    guarantees: ['exactly-once', 'resumable', 'at-most-once', 'at-least-once'],
    durable: true,
    claim: (asked) => claim(context, asked),
    complete: (completion) => complete(context, completion),
    release: (id, owner, retentionMs) => release(context, id, owner, retentionMs),
    abandon: (id, owner, unknownRetentionMs) => abandon(context, id, owner, unknownRetentionMs),
    heartbeat: (id, owner, leaseMs) => heartbeat(context, id, owner, leaseMs),
    resolve: (resolution) => resolve(context, resolution),
    lookup: (id) => lookup(context, id),
    collect: (limit) => collect(context, limit),
    doctor: () => examine(context, locate),
    transact: (asked, body) => (asked === undefined ? transactPlainly(context, body) : transact(context, asked, body)),
    step: (id, owner, body) => step(context, id, owner, body),
  }
}

function isClient(value: unknown): value is PostgresClient {
  return typeof value === 'object' && value !== null && 'query' in value && typeof value.query === 'function'
}

function assertSpan(option: string, value: number): void {
  if (!(Number.isFinite(value) && value > 0))
    throw configurationError(`expected ${option} to be a positive number of milliseconds, got ${value}`)
}
