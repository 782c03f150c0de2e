import { createRequire } from 'node:module'
import type { DatabaseSync } from 'node:sqlite'

/** What can be bound to a parameter. */
export type SqliteValue = null | number | bigint | string | Uint8Array

/** Values by name, for drivers that take them; values by position may follow. */
export type SqliteNames = Record<string, SqliteValue>

/** What a statement changed. */
export interface SqliteChange {
  readonly changes: number | bigint
  readonly lastInsertRowid: number | bigint
}

/**
 * A prepared statement. node:sqlite's `StatementSync` is one: a BLOB comes back as a `Uint8Array`, and reading an integer beyond
 * 2^53 - 1 throws unless the driver is told to give `bigint`.
 */
export interface SqliteStatement {
  get(...values: SqliteValue[]): unknown
  get(names: SqliteNames, ...values: SqliteValue[]): unknown
  all(...values: SqliteValue[]): unknown[]
  all(names: SqliteNames, ...values: SqliteValue[]): unknown[]
  run(...values: SqliteValue[]): SqliteChange
  run(names: SqliteNames, ...values: SqliteValue[]): SqliteChange
}

/** The part of a database that handlers use. node:sqlite's `DatabaseSync` is one. */
export interface SqliteDatabase {
  /** Runs one or more statements that return nothing. */
  exec(sql: string): unknown
  /** Prepares a statement. The store keeps it, so that preparing the same text again costs a look-up. A handler's works until the handler has ended. */
  prepare(sql: string): SqliteStatement
}

/** An open connection, as `open` gives it. `DatabaseSync` of node:sqlite is one; so is a better-sqlite3 `Database`. */
export interface SqliteDriver extends SqliteDatabase {
  close(): unknown
  /** node:sqlite's name for it: whether a transaction is open. */
  readonly isTransaction?: boolean
  /** better-sqlite3's, and Bun's. */
  readonly inTransaction?: boolean
}

type NodeSqlite = { readonly DatabaseSync: typeof DatabaseSync }

// Loaded on the first store, not at import: Node before 24 warns that the module is experimental, which only its users should see.
const require = createRequire(import.meta.url)

/** Opens a file with the SQLite that is part of Node. */
export function openNodeSqlite(path: string): SqliteDriver {
  const { DatabaseSync: Database } = require('node:sqlite') as NodeSqlite
  return new Database(path)
}
