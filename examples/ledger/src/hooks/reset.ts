import type { LedgerDatabase } from '../database/database.ts'
import { columns, generate } from './seeded-data.ts'
import type { DataOrder } from './seeded-data.ts'

const tables = ['wallets', 'transfers', 'entries'] as const
/** One by one a large reset would take minutes; SQLite takes 32,766 values in a statement. */
const rowsAtOnce = 500

/**
 * Replaces all data of the ledger by key_alice's. Entries are numbered on from where they were, and Holdfast's records stay: use
 * new keys afterwards.
 */
export async function reset(database: LedgerDatabase, order: DataOrder): Promise<void> {
  const data = generate(order)
  await database.write(async (writer) => {
    for (const table of tables.toReversed()) await writer.query(`DELETE FROM ${table}`)
  })
  for (const table of tables) {
    for (let start = 0; start < data[table].length; start += rowsAtOnce) {
      const rows = data[table].slice(start, start + rowsAtOnce)
      let place = 0
      const values = rows.map((row) => `(${row.map(() => `$${(place += 1)}`).join(', ')})`)
      // In many transactions: SQLite lets nobody else write during one, and gives it a few seconds.
      await database.write((writer) => writer.query(`INSERT INTO ${table} (${columns[table]}) VALUES ${values.join(', ')}`, rows.flat()))
    }
  }
}
