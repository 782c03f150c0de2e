import { HoldfastError, storeUnavailable } from '../../core/index.ts'
import type { Connection } from './connection.ts'
import type { SqliteDatabase, SqliteStatement } from './driver.ts'

// A handler's own savepoints are fine; ending the outer transaction would commit or undo other callers' work.
const endsTransaction = /^\s*(?:BEGIN|COMMIT|END|ROLLBACK(?!\s+(?:TRANSACTION\s+)?TO\b))\b/i

const savepoint = 'SAVEPOINT holdfast_job'
const release = 'RELEASE holdfast_job'
const rollback = 'ROLLBACK TO holdfast_job'

/**
 * The write handle of one caller: a savepoint inside the group's transaction. It stops working when the caller's turn is over, so
 * that work somebody forgot to await cannot write into the next caller's transaction.
 */
export class Transaction implements SqliteDatabase {
  readonly #connection: Connection
  /** Whether the turn is still this caller's. */
  isOpen = true
  /** Set when the outer transaction is gone, and with it the work of the whole group. */
  broken: Error | undefined
  /** Whether the group has something to commit. */
  hasWritten = false

  constructor(connection: Connection) {
    this.#connection = connection
  }

  exec(sql: string): void {
    this.#assertUsable(sql)
    this.#connection.exec(sql)
  }

  prepare(sql: string): SqliteStatement {
    // The connection shares it with all who prepare the same text, and query builders know more of it than its type says: what is asked for is handed out
    // for as long as the turn lasts.
    return new Proxy(this.own(sql), {
      get: (_shared, name: 'run') => {
        const shared = this.own(sql)
        return shared[name]?.bind?.(shared) ?? shared[name]
      },
    })
  }

  /** The shared statement itself, for those who do not keep it. */
  own(sql: string): SqliteStatement {
    this.#assertUsable(sql)
    return this.#connection.prepare(sql)
  }

  /** Runs `body` in a savepoint, which is kept when `keep` says so of its result. */
  async inSavepoint<T>(body: () => Promise<T> | T, keep: (result: T) => boolean = () => true): Promise<T> {
    this.#connection.prepare(savepoint).run()
    let result
    try {
      result = await body()
    } catch (error) {
      this.#endSavepoint(false, error)
      throw error
    }
    this.#endSavepoint(keep(result))
    return result
  }

  /** Undoes what was written in the savepoint so far, which stays open. */
  undo(): void {
    this.#connection.prepare(rollback).run()
  }

  /** Ends the turn. After this the caller's late work is refused. */
  end(): void {
    this.isOpen = false
  }

  /** Ends the turn of a caller who does not come back. */
  revoke(): void {
    if (!this.isOpen) return
    this.#endSavepoint(false)
    this.isOpen = false
  }

  #endSavepoint(isKept: boolean, cause?: unknown): void {
    if (!this.isOpen) throw storeUnavailable('its body held the writer for too long')
    try {
      if (!isKept) this.#connection.prepare(rollback).run()
      this.#connection.prepare(release).run()
      if (isKept) this.hasWritten = true
      if (this.#connection.hasLostTransaction) throw new Error('no transaction is open any more')
    } catch (error) {
      this.broken = storeUnavailable('SQLite rolled the whole transaction back', cause ?? error)
      throw this.broken
    }
  }

  #assertUsable(sql: string): void {
    if (!this.isOpen)
      throw new HoldfastError(
        'configuration-invalid',
        'a transaction was used after its handler had ended; await all database work inside the handler',
      )
    if (this.#connection.hasLostTransaction) throw storeUnavailable('SQLite rolled the transaction back by itself')
    if (endsTransaction.test(sql))
      throw new HoldfastError(
        'configuration-invalid',
        `a handler may not end the transaction it runs in (${sql.trim()}); throw, or answer with 5xx, to roll back`,
      )
  }
}
