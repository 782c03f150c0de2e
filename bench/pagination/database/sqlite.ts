import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { overhearSqlite } from './overhear.ts'
import type { Overheard } from './overhear.ts'
import { account, schemaOf } from './place.ts'
import type { Place } from './place.ts'
import { columns } from './rows.ts'

/** A SQLite file with the table of wallets: writers have one connection, readers another, which query builders use; what goes through that can be overheard. */
export async function openSqlite(): Promise<Place & { readonly reader: DatabaseSync; readonly last: () => Overheard }> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-bench-'))
  const file = join(folder, 'wallets.db')
  const writer = new DatabaseSync(file)
  writer.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF')
  for (const statement of schemaOf('sqlite')) writer.exec(statement)
  const reader = new DatabaseSync(file)
  const last = overhearSqlite(reader)
  const numbered = (text: string): string => text.replaceAll(/\$(\d+)/g, '?$1')
  const insertRow = writer.prepare(
    `INSERT INTO wallets (account, kind, ${columns.join(', ')}) VALUES (?, ?, ${columns.map(() => '?').join(', ')})`,
  )
  return {
    dialect: 'sqlite',
    reader,
    last,
    query: async (text, values = []) =>
      (/^(SELECT|EXPLAIN)/.test(text) ? reader : writer).prepare(numbered(text)).all(...(values as string[])) as Record<string, unknown>[],
    async insert(kind, rows) {
      writer.exec('BEGIN')
      for (const row of rows) insertRow.run(account, kind, ...columns.map((name) => row[name]))
      writer.exec('COMMIT')
    },
    async update(id, keys) {
      const sets = Object.keys(keys).map((name) => `${name} = ?`)
      writer.prepare(`UPDATE wallets SET ${sets.join(', ')} WHERE id = ?`).run(...Object.values(keys), id)
    },
    async close() {
      reader.close()
      writer.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
