import pg from 'pg'
import postgresJs from 'postgres'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { describeWithPostgres } from '../../../../../test/servers/index.ts'
import { idempotencyConformance } from '../../testing/index.ts'
import type { Effects } from '../../testing/index.ts'
import { fromPostgresJs, postgres } from './index.ts'
import type { PostgresClient, PostgresPool } from './index.ts'

function effectsIn(pool: PostgresPool): Effects {
  return {
    add: async (transaction, name) =>
      void (await (transaction as PostgresClient).query('INSERT INTO conformance_effects VALUES ($1)', [name])),
    count: async (name) => {
      const { rows } = await pool.query('SELECT count(*)::int AS count FROM conformance_effects WHERE name = $1', [name])
      return rows[0]?.['count'] as number
    },
  }
}

describeWithPostgres('the Postgres store', (url) => {
  beforeAll(async () => {
    const pool = new pg.Pool({ connectionString: url })
    await pool.query('CREATE TABLE conformance_effects (name text)')
    await pool.end()
  })

  describe('through pg', () => {
    const pool = new pg.Pool({ connectionString: url, max: 20 })
    const store = postgres(pool, { schema: 'conformance_pg' })
    afterAll(() => pool.end())
    const options = { name: 'postgres', open: async () => store.idempotency, effects: effectsIn(pool) }
    for (const check of idempotencyConformance(options)) it(check.name, check.run)
  })

  describe('through postgres.js', () => {
    const sql = postgresJs(url, { max: 20, onnotice: () => {} })
    const pool = fromPostgresJs(sql)
    const store = postgres(pool, { schema: 'conformance_postgres_js' })
    afterAll(() => sql.end())
    const options = { name: 'postgres', open: async () => store.idempotency, effects: effectsIn(pool) }
    for (const check of idempotencyConformance(options)) it(check.name, check.run)
  })
})
