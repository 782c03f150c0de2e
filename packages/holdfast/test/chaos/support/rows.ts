import { existsSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import pg from 'pg'

/** The rows that handlers committed, read past Holdfast. */
export interface Rows {
  count(key: string): Promise<number>
  close(): Promise<void>
}

/** Opens the table of effects in a store, and makes it where its servers do not. Redis has none. */
export async function openRows(store: string, namespace: string): Promise<Rows> {
  if (store.startsWith('sqlite:')) return sqliteRows(store.slice('sqlite:'.length))
  return store.startsWith('redis:') ? { count: async () => 0, close: async () => undefined } : postgresRows(store, namespace)
}

function sqliteRows(path: string): Rows {
  return {
    async count(key) {
      if (!existsSync(path)) return 0
      const database = new DatabaseSync(path, { readOnly: true, timeout: 10_000 })
      try {
        return Number(database.prepare('SELECT count(*) AS n FROM effects WHERE key = ?').get(key)?.['n'])
      } finally {
        database.close()
      }
    },
    close: async () => undefined,
  }
}

async function postgresRows(url: string, namespace: string): Promise<Rows> {
  const pool = new pg.Pool({ connectionString: url, max: 2 })
  // Tests end the server under it.
  pool.on('error', () => undefined)
  await pool.query(`CREATE SCHEMA ${namespace}; CREATE TABLE ${namespace}.effects (key text NOT NULL)`)
  return {
    async count(key) {
      const { rows } = await pool.query<{ n: number }>(`SELECT count(*)::int AS n FROM ${namespace}.effects WHERE key = $1`, [key])
      return rows[0]?.n ?? Number.NaN
    },
    close: () => pool.end(),
  }
}
