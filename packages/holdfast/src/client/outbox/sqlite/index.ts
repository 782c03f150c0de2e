import { storeUnavailable, waitingClock } from '../../../core/index.ts'
import type { Clock } from '../../../core/index.ts'
import { configurationError } from '../../../core/index.ts'
import { sql, sqlStore } from '../sql-store.ts'
import type { Row, Statement } from '../sql-store.ts'
import type { OutboxStore } from '../store.ts'

/** The slice of a SQLite connection that is used. `DatabaseSync` of node:sqlite is one, so is a better-sqlite3 `Database`. */
export interface OutboxDatabase {
  exec(sql: string): unknown
  prepare(sql: string): { all(...values: (null | number | string | Uint8Array)[]): unknown[] }
}

/** How a SQLite outbox is kept. */
export interface SqliteOutboxOptions {
  /** @default 'holdfast_outbox' */
  readonly table?: string
  /** How long to wait for other processes that write to the file, milliseconds; after that `store-unavailable`. @default 5_000 */
  readonly busyTimeoutMs?: number
  readonly clock?: Clock
}

const retryEveryMs = 10

/**
 * Keeps entries in a SQLite file, which several processes may share. Give it a connection of its own: it sets `synchronous = FULL`, so that
 * every entry is on the disk before its first byte is sent.
 *
 * @throws HoldfastError `configuration-invalid`; operations reject with `store-unavailable`
 * @example
 * import { DatabaseSync } from 'node:sqlite'
 * const store = sqliteOutbox(new DatabaseSync('outbox.db'))
 */
export function sqliteOutbox(database: OutboxDatabase, options: SqliteOutboxOptions = {}): OutboxStore {
  const { table = 'holdfast_outbox', busyTimeoutMs = 5_000, clock = waitingClock } = options
  if (!/^[A-Za-z_]\w{0,40}$/.test(table))
    throw configurationError(`table: expected a name of letters, digits and _, got ${JSON.stringify(table)}`)
  const statements = new Map<string, ReturnType<OutboxDatabase['prepare']>>()
  // Nothing is sent yet, so opening may wait on the spot for processes that start at the same moment.
  database.exec(`PRAGMA busy_timeout = ${busyTimeoutMs}`)
  database.exec('PRAGMA journal_mode = WAL')
  database.exec('PRAGMA synchronous = FULL')
  database.exec(`
    CREATE TABLE IF NOT EXISTS "${table}" (
      seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, lane TEXT, key TEXT NOT NULL, fingerprint TEXT NOT NULL, method TEXT NOT NULL,
      url TEXT NOT NULL, headers TEXT NOT NULL, body BLOB, state TEXT NOT NULL, attempts INTEGER NOT NULL, due_at INTEGER NOT NULL, owner TEXT,
      lease_until INTEGER, first_sent_at INTEGER, created_at INTEGER NOT NULL, settled_at INTEGER, result TEXT);
    CREATE INDEX IF NOT EXISTS "${table}_open" ON "${table}" (lane, seq) WHERE state IN ('pending', 'sending', 'unknown')`)
  // A wait inside SQLite would hold up the whole process; ours does not.
  database.exec('PRAGMA busy_timeout = 0')

  function execute({ text, values }: Statement): Row[] {
    const joined = text.join('?')
    let statement = statements.get(joined)
    if (statement === undefined) statements.set(joined, (statement = database.prepare(joined)))
    return statement.all(...values) as Row[]
  }

  async function run(statement: Statement): Promise<Row[]> {
    const until = clock.now() + busyTimeoutMs
    for (;;) {
      try {
        return execute(statement)
      } catch (error) {
        if (!isBusy(error) || clock.now() >= until) throw storeUnavailable('SQLite did not do what the outbox asked', error)
        await new Promise<void>((resolve) => clock.after(retryEveryMs, resolve))
      }
    }
  }
  return sqlStore({
    name: 'sqlite',
    durable: true,
    table: `"${table}"`,
    now: () => sql`CAST(${clock.now()} AS bigint)`,
    blob: 'BLOB',
    skipLocked: '',
    run,
  })
}

/** Whether another connection holds the lock: node:sqlite tells the code as a number, better-sqlite3 by name. */
function isBusy(error: unknown): boolean {
  const { errcode, code } = (error ?? {}) as { errcode?: unknown; code?: unknown }
  return (typeof errcode === 'number' && (errcode & 0xff) === 5) || (typeof code === 'string' && code.startsWith('SQLITE_BUSY'))
}
