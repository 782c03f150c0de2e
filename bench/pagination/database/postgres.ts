import { Pool } from 'pg'
import { startPostgres } from '../../../test/servers/postgres.ts'
import { overhearPostgres } from './overhear.ts'
import type { Overheard } from './overhear.ts'
import { account, schemaOf } from './place.ts'
import type { Place } from './place.ts'
import { columns } from './rows.ts'

/** A Postgres of its own with the table of wallets, and the pool that query builders use; what goes through it can be overheard. */
export async function openPostgres(): Promise<Place & { readonly pool: Pool; readonly last: () => Overheard }> {
  const server = await startPostgres()
  const pool = new Pool({ connectionString: server.url, max: 8 })
  const last = overhearPostgres(pool)
  for (const statement of schemaOf('postgres')) await pool.query(statement)
  const types = { id: 'text', created_at: 'bigint', display_name: 'text', nickname: 'text', balance: 'bigint', seq: 'bigint' } as const
  const toTimestamp = (us: string): string => `timestamptz '1970-01-01 00:00:00Z' + ${us} * interval '1 us'`
  return {
    dialect: 'postgres',
    pool,
    last,
    query: async (text, values = []) => (await pool.query(text, [...values])).rows as Record<string, unknown>[],
    async insert(kind, rows) {
      const arrays = columns.map((name, n) => `$${n + 3}::${types[name]}[]`)
      await pool.query(
        `INSERT INTO wallets (account, kind, ${columns.join(', ')})
         SELECT $1, $2, id, ${toTimestamp('us')}, display_name, nickname, balance, seq
         FROM unnest(${arrays.join(', ')}) AS row (id, us, display_name, nickname, balance, seq)`,
        [account, kind, ...columns.map((name) => rows.map((row) => row[name]))],
      )
    },
    async update(id, keys) {
      const sets = Object.keys(keys).map((name, n) => `${name} = ${name === 'created_at' ? toTimestamp(`$${n + 2}::bigint`) : `$${n + 2}`}`)
      await pool.query(`UPDATE wallets SET ${sets.join(', ')} WHERE id = $1`, [id, ...Object.values(keys)])
    },
    async close() {
      await pool.end()
      await server.stop()
    },
  }
}
