import { HoldfastError, configurationError, currentCall, transactionFact } from '../../core/index.ts'
import type { Call, Clock } from '../../core/index.ts'
import type { IdempotencyStore } from '../../idempotency/store.ts'
import type { VersionStore } from '../../versioning/store.ts'
import type { LimitStore } from '../../rate-limit/store.ts'
import { openDatabase } from './database.ts'
import { openNodeSqlite } from './driver.ts'
import type { SqliteDatabase, SqliteDriver } from './driver.ts'
import { sqliteLimits } from './limits.ts'
import { Transaction } from './transaction.ts'

export type { SqliteChange, SqliteDatabase, SqliteDriver, SqliteNames, SqliteStatement, SqliteValue } from './driver.ts'

/** How a database is opened. */
export interface SqliteOptions {
  /**
   * Opens one connection to the file, with another driver than the SQLite that is part of Node: `(path) => new Database(path)` of
   * better-sqlite3. It is called twice for a file, and again after a handler that never came back. With another driver the
   * write-ahead log is copied into the file on the event loop, as that driver does it.
   *
   * @default node:sqlite
   */
  readonly open?: (path: string) => SqliteDriver
  /**
   * How long a call waits while another process holds the database, in milliseconds; then it rejects with `store-unavailable`.
   * Does not apply to the wait behind calls of this process.
   *
   * @default 5000
   */
  readonly busyTimeoutMs?: number
  /**
   * How long one handler may hold the database, in milliseconds: everybody else who writes waits for it. A handler that takes longer
   * is rolled back and rejects with `store-unavailable`.
   *
   * @default 5000
   */
  readonly holdLimitMs?: number
  /**
   * The time by which leases and expiries are judged. Only for tests: the default is one timeline for all processes of the machine.
   *
   * @default the host's wall clock, kept from going back
   */
  readonly clock?: Clock
}

/** A SQLite database as a store: records and effects in one file, committed together. */
export interface SqliteStore {
  readonly name: 'sqlite'
  readonly idempotency: IdempotencyStore
  /**
   * Counters of rate limits, in a file of their own beside the main one (`ledger.db-limits`), which is made on first use: counting never
   * waits for handlers. What a process counted survives its being killed; a machine that loses power may forget the last moments. Without
   * the file, every limit starts anew.
   */
  readonly limits: LimitStore
  /** Version pins, usage by version, and retirements, in the main file; their tables are made on first use. */
  readonly versions: VersionStore
  /**
   * The database handle of a call's transaction: what an exactly-once handler writes through, so that its effects and its answer are
   * committed together. Takes the current call when none is given.
   *
   * A handler holds the only writer until it ends. Do slow things (calls to other services, large files) before or after it.
   *
   * @throws HoldfastError `configuration-invalid` when the call runs in no transaction of this kind of store.
   * @example
   * store.transaction().prepare('INSERT INTO transfers (id, amount) VALUES (?, ?)').run('t1', 100)
   */
  transaction(call?: Call): SqliteDatabase
  /**
   * A connection that only reads, and sees only what is committed. A statement sees the writes of every call that was answered before it.
   *
   * @example
   * store.read.prepare('SELECT amount FROM transfers WHERE id = ?').get('t1')
   */
  readonly read: SqliteDatabase
  /**
   * Runs a transaction without a key, in the same queue. Resolves when its commit is on the disk; rolls back when `body` throws.
   *
   * @example
   * await store.write((db) => db.exec('CREATE TABLE IF NOT EXISTS transfers (id TEXT PRIMARY KEY, amount INTEGER NOT NULL)'))
   */
  write<T>(body: (database: SqliteDatabase) => T | Promise<T>): Promise<T>
  /** Refuses new work, finishes what is queued, and closes the file. */
  close(): Promise<void>
}

/**
 * Opens a database file as a store. Several processes of one machine may share it.
 *
 * Writes run one after the other and are committed in groups; a reply leaves when its group is on the disk. The file is in WAL mode
 * with `synchronous=NORMAL`, and the store syncs the log itself, off the event loop.
 *
 * @param path a file on a local disk, or `:memory:`
 * @throws HoldfastError `store-unavailable` when the file cannot be opened, `configuration-invalid` when its tables need a newer release.
 * @example
 * const store = sqlite('ledger.db')
 * await store.write((db) => db.exec('CREATE TABLE IF NOT EXISTS notes (text TEXT NOT NULL)'))
 */
export function sqlite(
  path: string,
  { open = openNodeSqlite, busyTimeoutMs = 5000, holdLimitMs = 5000, clock }: SqliteOptions = {},
): SqliteStore {
  if (typeof path !== 'string' || path === '')
    throw configurationError(`sqlite() expects the path of a file or ':memory:', got ${JSON.stringify(path)}`)
  assertDuration('busyTimeoutMs', busyTimeoutMs)
  assertDuration('holdLimitMs', holdLimitMs)
  const database = openDatabase({ path, open, busyTimeoutMs, holdLimitMs, clock })
  const limits = sqliteLimits({ path, open, busyTimeoutMs, clock })
  return {
    name: 'sqlite',
    idempotency: database.idempotency,
    limits: limits.store,
    versions: database.versions,
    read: database.read,
    transaction(call = currentCall()) {
      const transaction = call.facts.get(transactionFact)
      if (transaction instanceof Transaction) return transaction
      throw new HoldfastError(
        'configuration-invalid',
        "this call runs in no SQLite transaction; declare its route { idempotency: 'exactly-once' } with this store, or use store.write()",
      )
    },
    write: (body) => database.group.run((transaction) => transaction.inSavepoint(() => body(transaction))),
    async close() {
      await Promise.all([limits.close(), database.close()])
    },
  }
}

function assertDuration(name: string, value: unknown): void {
  if (typeof value !== 'number' || !(value > 0) || value > 2_147_483_647)
    throw configurationError(`${name} must be milliseconds from 1 to 2147483647, got ${String(value)}`)
}
