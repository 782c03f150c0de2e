import pg from 'pg'
import postgresJs from 'postgres'
import { afterAll, describe, expect, expectTypeOf, it } from 'vitest'
import { claimOf, committing, newId } from '../../../test/postgres/support.ts'
import { describeWithPostgres } from '../../../../../test/servers/index.ts'
import { createCall } from '../../core/call.ts'
import { runWithCall } from '../../core/current.ts'
import { transactionFact } from '../../core/facts.ts'
import { toFields } from '../../core/fields.ts'
import { fromPostgresJs, postgres } from './index.ts'
import type { PostgresClient, PostgresJsClient, PostgresPool } from './index.ts'

const newCall = () => createCall({ method: 'POST', url: '/transfers', headers: toFields() })

describe('the driver types', () => {
  it('take a pool of pg and a sql of postgres.js as they are', () => {
    expectTypeOf<pg.Pool>().toExtend<PostgresPool>()
    expectTypeOf<pg.PoolClient>().toExtend<PostgresClient>()
    expectTypeOf(fromPostgresJs).toBeCallableWith(postgresJs('postgres://127.0.0.1:1/none'))
  })

  it('refuse postgres.js with an option under which it hangs', () => {
    expect(() => fromPostgresJs(postgresJs('postgres://127.0.0.1:1/none', { fetch_types: false }))).toThrow('fetch_types')
  })
})

describeWithPostgres('store.transaction', (url) => {
  const pool = new pg.Pool({ connectionString: url })
  const sql = postgresJs(url, { onnotice: () => {} })
  afterAll(async () => {
    await pool.end()
    await sql.end()
  })

  it('gives the connection of the current call, or of the call it is given', async () => {
    const store = postgres(pool, { schema: 'current' })
    const call = newCall()
    const verdict = await store.idempotency.transact?.(claimOf(newId()), async ({ transaction }) => {
      call.facts.set(transactionFact, transaction)
      expect(store.transaction(call)).toBe(transaction)
      return runWithCall(call, async () => {
        await Promise.resolve()
        expect(store.transaction<pg.PoolClient>()).toBe(transaction)
        return committing
      })
    })
    expect(verdict).toEqual({ kind: 'committed' })
  })

  it('gives tagged templates of the same transaction under postgres.js', async () => {
    const store = postgres(fromPostgresJs(sql), { schema: 'tagged' })
    await sql`CREATE TABLE IF NOT EXISTS tagged_effects (name text)`
    const body = async (end: typeof committing | { commit: undefined }) =>
      store.idempotency.transact?.(claimOf(newId()), async ({ transaction }) => {
        const own = (transaction as PostgresJsClient<postgresJs.ReservedSql>).sql
        await own`INSERT INTO tagged_effects VALUES (${'effect'})`
        return end
      })
    await expect(body({ commit: undefined })).resolves.toEqual({ kind: 'rolled-back' })
    await expect(sql`SELECT * FROM tagged_effects`).resolves.toHaveLength(0)
    await expect(body(committing)).resolves.toEqual({ kind: 'committed' })
    await expect(sql`SELECT * FROM tagged_effects`).resolves.toHaveLength(1)
  })

  it('says what to declare where there is no transaction, and what to mount where there is no call', () => {
    const store = postgres(pool)
    expect(() => store.transaction(newCall())).toThrow("declare its route with idempotency: 'exactly-once'")
    expect(() => store.transaction()).toThrow('outside a handler')
    const foreign = newCall()
    foreign.facts.set(transactionFact, { exec: () => {} })
    expect(() => store.transaction(foreign)).toThrow('of another store')
  })

  it('keeps a process alive whose idle connections die', async () => {
    const own = new pg.Pool({ connectionString: url })
    const store = postgres(own, { schema: 'idle' })
    await store.migrate()
    const { rows } = await own.query('SELECT pg_backend_pid() AS pid')
    await pool.query('SELECT pg_terminate_backend($1)', [rows[0]?.pid])
    await new Promise((resolve) => setTimeout(resolve, 100))
    await expect(store.idempotency.claim(claimOf(newId()))).resolves.toMatchObject({ kind: 'acquired' })
    await store.close()
    await own.end()
  })
})
