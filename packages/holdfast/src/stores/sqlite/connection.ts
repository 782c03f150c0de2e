import { storeUnavailable } from '../../core/index.ts'
import type { SqliteDatabase, SqliteDriver, SqliteStatement } from './driver.ts'
import { isBusy, outageOf, toStoreError } from './errors.ts'

// More distinct statements than a service writes by hand; a program that builds SQL text per call must not grow the cache for ever.
const cachedStatements = 512

/** One connection, with its statements prepared once. */
export class Connection implements SqliteDatabase {
  readonly driver: SqliteDriver
  readonly #statements = new Map<string, SqliteStatement>()

  constructor(driver: SqliteDriver) {
    this.driver = driver
  }

  exec(sql: string): void {
    this.driver.exec(sql)
  }

  /** As `prepare`; a handler's turn has both. */
  own(sql: string): SqliteStatement {
    return this.prepare(sql)
  }

  prepare(sql: string): SqliteStatement {
    let statement = this.#statements.get(sql)
    if (statement === undefined) {
      statement = this.driver.prepare(sql)
      if (this.#statements.size >= cachedStatements) this.#statements.clear()
      this.#statements.set(sql, statement)
    }
    return statement
  }

  /** Whether SQLite ended the transaction by itself, as it may on a full disk. Drivers that do not tell are believed. */
  get hasLostTransaction(): boolean {
    return (this.driver.isTransaction ?? this.driver.inTransaction) === false
  }

  /** Harmless when the driver's connection was closed already. */
  close(): void {
    this.#statements.clear()
    try {
      this.driver.close()
    } catch (error) {
      if (outageOf(error) !== 'closed') throw error
    }
  }
}

export const isMemory = (path: string): boolean => path === '' || path === ':memory:' || /^file::memory:|[?&]mode=memory/.test(path)

/** Opens the connection that writes. `synchronous=NORMAL`: the store itself puts each group on the disk before its replies leave. */
export function openWriter(open: (path: string) => SqliteDriver, path: string, busyTimeoutMs: number): Connection {
  const connection = openConnection(open, path)
  try {
    // Nothing is served yet, so opening may wait on the spot for processes that start at the same moment.
    connection.exec(`PRAGMA busy_timeout = ${busyTimeoutMs}`)
    if (!isMemory(path)) patiently(busyTimeoutMs, () => connection.exec('PRAGMA journal_mode = WAL'))
    connection.exec('PRAGMA synchronous = NORMAL')
    return connection
  } catch (error) {
    connection.close()
    throw toStoreError(error, `opening ${path}`)
  }
}

/** Opens the connection behind `read`: it sees what is committed, and cannot write. */
export function openReader(open: (path: string) => SqliteDriver, path: string, busyTimeoutMs: number): Connection {
  const connection = openConnection(open, path)
  // A reader of a WAL database waits only for the moment of a recovery.
  connection.exec(`PRAGMA busy_timeout = ${busyTimeoutMs}`)
  connection.exec('PRAGMA query_only = ON')
  return connection
}

function openConnection(open: (path: string) => SqliteDriver, path: string): Connection {
  try {
    return new Connection(open(path))
  } catch (error) {
    throw storeUnavailable(`SQLite cannot open ${path}; check that its folder exists and that this process may write there`, error)
  }
}

/** Repeats what SQLite refuses at once even with a busy timeout: changing the journal mode while another process starts up. */
function patiently(limitMs: number, action: () => void): void {
  const deadline = performance.now() + limitMs
  for (;;) {
    try {
      return action()
    } catch (error) {
      if (!isBusy(error) || performance.now() > deadline) throw error
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5)
    }
  }
}
