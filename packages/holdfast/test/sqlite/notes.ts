import { afterEach } from 'vitest'
import { openDatabase } from '../../src/stores/sqlite/database.ts'
import type { Database, DatabaseOptions } from '../../src/stores/sqlite/database.ts'
import { openNodeSqlite } from '../../src/stores/sqlite/driver.ts'
import type { SqliteDatabase } from '../../src/stores/sqlite/driver.ts'

/** Opens databases, and closes them after each test. */
export interface Notebooks {
  open(name: string, more?: Partial<DatabaseOptions>): Database
  /** One with a table of notes. */
  withNotes(name: string, more?: Partial<DatabaseOptions>): Promise<Database>
}

export function notebooks(folder: { file(name: string): string }): Notebooks {
  const opened: Database[] = []
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((database) => database.close()))
  })

  function open(name: string, more: Partial<DatabaseOptions> = {}): Database {
    const database = openDatabase({
      path: folder.file(name),
      open: openNodeSqlite,
      busyTimeoutMs: 5_000,
      holdLimitMs: 5_000,
      clock: undefined,
      ...more,
    })
    opened.push(database)
    return database
  }

  return {
    open,
    async withNotes(name, more) {
      const database = open(name, more)
      await write(database, (db) => db.exec('CREATE TABLE IF NOT EXISTS notes (text TEXT)'))
      return database
    },
  }
}

export function write<T>(database: Database, body: (db: SqliteDatabase) => T | Promise<T>): Promise<T> {
  return database.group.run((transaction) => transaction.inSavepoint(() => body(transaction)))
}

export const add =
  (text: string) =>
  (db: SqliteDatabase): void =>
    void db.prepare('INSERT INTO notes (text) VALUES (?)').run(text)

export const notes = (database: Database): string[] =>
  (database.read.prepare('SELECT text FROM notes ORDER BY rowid').all() as { text: string }[]).map(({ text }) => text)
