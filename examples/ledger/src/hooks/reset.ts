import type { Database, LedgerDatabase, Value } from '../database/database.ts'
import { columns, generate } from './seeded-data.ts'
import type { DataOrder } from './seeded-data.ts'

const tables = ['wallets', 'transfers', 'entries'] as const
// One by one would be a round trip to Postgres for each row; SQLite looks its values up by name, one after the other, in each statement.
const rowsInStatement = 20
// In many transactions: nobody else can write to SQLite during one, and it ends one that takes seconds.
const rowsInTransaction = 2000

/**
 * Replaces all data of the ledger by key_alice's. Holdfast's records stay: use new keys afterwards.
 */
export async function reset(database: LedgerDatabase, order: DataOrder): Promise<void> {
  const data = generate(order)
  await database.clear()
  for (const table of tables) {
    for (const rows of slices(data[table], rowsInTransaction)) {
      await database.write(async (writer) => {
        for (const some of slices(rows, rowsInStatement)) await insert(writer, `${table} (${columns[table]})`, some)
      })
    }
  }
}

async function insert(writer: Database, target: string, rows: readonly Value[][]): Promise<void> {
  let place = 0
  const values = rows.map((row) => `(${row.map(() => `$${(place += 1)}`).join(', ')})`)
  await writer.query(`INSERT INTO ${target} VALUES ${values.join(', ')}`, rows.flat())
}

function* slices<T>(all: readonly T[], length: number): Iterable<readonly T[]> {
  for (let start = 0; start < all.length; start += length) yield all.slice(start, start + length)
}
