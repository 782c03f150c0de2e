import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { sqlite } from 'holdfast/sqlite'
import type { SqliteDatabase } from 'holdfast/sqlite'
import type { Database, LedgerDatabase, Row } from './database.ts'
import { clearTables, createTables, sqliteDialect } from './schema.ts'

/** The ledger in one SQLite file, or with `:memory:` in this process only. */
export async function openSqlite(path: string): Promise<LedgerDatabase> {
  if (path !== ':memory:') await mkdir(dirname(path), { recursive: true })
  const store = sqlite(path)
  const database: LedgerDatabase = {
    store,
    transaction: (call) => overSqlite(store.transaction(call)),
    read: overSqlite(store.read),
    write: (body) => store.write((handle) => body(overSqlite(handle))),
    clear: () => database.write((writer) => clearTables(writer, sqliteDialect)),
    close: () => store.close(),
  }
  await database.write((writer) => createTables(writer, sqliteDialect))
  return database
}

function overSqlite(handle: SqliteDatabase): Database {
  return {
    dialect: 'sqlite',
    forUpdate: '',
    query: async (sql, values = []) => {
      // To SQLite `$1` is the name of a value.
      const named = Object.fromEntries(values.map((value, index) => [`$${index + 1}`, value]))
      return handle.prepare(sql).all(named) as Row[]
    },
  }
}
