import type { Call, Store } from 'holdfast'

/** What a statement may be given. */
export type Value = string | number | bigint | null

/** One row, by column. Postgres gives 64-bit integers as text, SQLite as a number if it fits. */
export type Row = Readonly<Record<string, Value>>

/** A connection, or a transaction on one. SQLite and Postgres both take the ledger's SQL as it is, with `$1`, `$2` for values. */
export interface Database {
  query(sql: string, values?: readonly Value[]): Promise<readonly Row[]>
  readonly dialect: 'sqlite' | 'postgres'
  /** Ends a SELECT whose rows nobody else may change before this transaction ends. SQLite has one writer and needs nothing. */
  readonly forUpdate: '' | 'FOR UPDATE'
}

/** The ledger's database: Holdfast's store, and ways to read and write beside it. */
export interface LedgerDatabase {
  /** Keeps idempotency keys; goes to `defineApi`. */
  readonly store: Store
  /** The transaction that also holds the call's idempotency key: what a handler writes through. */
  transaction(call: Call): Database
  /** What is committed. */
  readonly read: Database
  /** A transaction of its own. */
  write<T>(body: (database: Database) => Promise<T>): Promise<T>
  /** Begins anew: no wallets, no transfers, entries numbered from 1. For tests. */
  clear(): Promise<void>
  close(): Promise<void>
}
