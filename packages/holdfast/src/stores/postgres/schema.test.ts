import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { claimOf, committing, newId } from '../../../test/postgres/support.ts'
import { describeWithPostgres } from '../../../../../test/servers/index.ts'
import { postgres } from './index.ts'
import { schemaVersion } from './schema.ts'

describeWithPostgres('the tables of the Postgres store', (url) => {
  let pool: pg.Pool
  beforeAll(() => {
    pool = new pg.Pool({ connectionString: url })
  })
  afterAll(() => pool.end())

  it('are made once when 20 stores are used for the first time at once', async () => {
    const pools = Array.from({ length: 20 }, () => new pg.Pool({ connectionString: url, max: 1 }))
    const verdicts = await Promise.all(pools.map((one) => postgres(one, { schema: 'at_once' }).idempotency.claim(claimOf(newId()))))
    expect(verdicts.every(({ kind }) => kind === 'acquired')).toBe(true)
    const { rows } = await pool.query('SELECT version FROM at_once.holdfast_keys_versions ORDER BY version')
    expect(rows).toEqual(Array.from({ length: schemaVersion }, (_, index) => ({ version: index + 1 })))
    await Promise.all(pools.map((one) => one.end()))
  })

  it('are refused when a later release made them unreadable to this one', async () => {
    await postgres(pool, { schema: 'newer' }).migrate()
    await pool.query('INSERT INTO newer.holdfast_keys_versions (version, oldest) VALUES (1000, 1000)')
    const refused = { code: 'configuration-invalid', message: expect.stringMatching(/version 1000.*Update holdfast/) }
    await expect(postgres(pool, { schema: 'newer' }).migrate()).rejects.toMatchObject(refused)
    await expect(postgres(pool, { schema: 'newer' }).idempotency.claim(claimOf(newId()))).rejects.toMatchObject(refused)
  })

  it('are brought up to date beside a process of an earlier release', async () => {
    const store = postgres(pool, { schema: 'earlier' })
    await store.migrate()
    await pool.query(`
      DELETE FROM earlier.holdfast_keys_versions WHERE version > 1;
      DROP PROCEDURE earlier.holdfast_keys_begin_v2, earlier.holdfast_keys_finish_v3, earlier.holdfast_keys_finish_new_v1;
      DROP TABLE earlier.holdfast_keys_limits, earlier.holdfast_keys_limit_tokens`)
    await postgres(pool, { schema: 'earlier' }).migrate()
    const { rows } = await pool.query('SELECT count(*)::int AS counters FROM earlier.holdfast_keys_limits')
    expect(rows).toEqual([{ counters: 0 }])
    await expect(store.idempotency.claim(claimOf(newId()))).resolves.toMatchObject({ kind: 'acquired' })
    await expect(store.idempotency.transact?.(claimOf(newId()), async () => committing)).resolves.toEqual({ kind: 'committed' })
  })

  it('serve transactions of an earlier release, which shares the locks and the records of this one', async () => {
    const { idempotency } = postgres(pool, { schema: 'shared' })
    await postgres(pool, { schema: 'shared' }).migrate()
    const id = newId()
    const earlier = await pool.connect()
    const begun = `BEGIN; SELECT shared.holdfast_keys_begin_v1('${id}', 'account', NULL) AS said`
    const results = (await earlier.query(begun)) as unknown as pg.QueryResult<{ said: string }>[]
    const [locked, began] = String(results[1]?.rows[0]?.said).split(' ')
    expect(locked).toBe('t')
    await expect(idempotency.transact?.(claimOf(id), async () => committing)).resolves.toMatchObject({ kind: 'running' })
    const answer = `'\\x${committing.commit.toString('hex')}'`
    await earlier.query(
      `SELECT shared.holdfast_keys_finish_v1('${id}', 'account', 'same call', 'owner', 1, '${began}', NULL, false, ${answer}, 1e6, NULL); COMMIT`,
    )
    earlier.release()
    await expect(idempotency.transact?.(claimOf(id), async () => committing)).resolves.toMatchObject({
      kind: 'done',
      answer: committing.commit,
    })
  })

  it('are used when a later release only added to them', async () => {
    await postgres(pool, { schema: 'added' }).migrate()
    await pool.query('INSERT INTO added.holdfast_keys_versions (version, oldest) VALUES (1000, 1)')
    await expect(postgres(pool, { schema: 'added' }).idempotency.claim(claimOf(newId()))).resolves.toMatchObject({ kind: 'acquired' })
  })

  it('are found by a role that may use but not create them', async () => {
    await postgres(pool, { schema: 'granted' }).migrate()
    await pool.query(`
      CREATE ROLE holdfast_app LOGIN;
      GRANT USAGE ON SCHEMA granted TO holdfast_app;
      GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA granted TO holdfast_app`)
    const app = new pg.Pool({ connectionString: url.replace('postgres@', 'holdfast_app@') })
    const store = postgres(app, { schema: 'granted' })
    await expect(store.idempotency.claim(claimOf(newId()))).resolves.toMatchObject({ kind: 'acquired' })
    await expect(store.idempotency.transact?.(claimOf(newId()), async () => committing)).resolves.toEqual({ kind: 'committed' })
    const elsewhere = postgres(app, { schema: 'forbidden' })
    await expect(elsewhere.migrate()).rejects.toMatchObject({
      code: 'store-unavailable',
      message: expect.stringContaining('run migrate()'),
    })
    await app.end()
  })

  it('stay the same when a handler changes the search path of its transaction', async () => {
    const store = postgres(pool, { table: 'searched_keys' })
    const key = newId()
    const verdict = await store.idempotency.transact?.(claimOf(key), async ({ transaction }) => {
      await (transaction as pg.PoolClient).query(
        "SET LOCAL search_path = 'pg_temp'; SET LOCAL timezone = 'Asia/Tokyo'; SET LOCAL datestyle = 'German'",
      )
      return committing
    })
    expect(verdict).toEqual({ kind: 'committed' })
    await expect(store.idempotency.lookup(key)).resolves.toMatchObject({ state: 'done', answer: committing.commit })
  })

  it('keep stores of different tables apart', async () => {
    const id = newId()
    const [one, other] = [postgres(pool, { schema: 'apart', table: 'one' }), postgres(pool, { schema: 'apart', table: 'other' })]
    await expect(one.idempotency.claim(claimOf(id))).resolves.toMatchObject({ kind: 'acquired' })
    await expect(other.idempotency.claim(claimOf(id))).resolves.toMatchObject({ kind: 'acquired' })
  })

  it('are collected by one process at a time', async () => {
    const store = postgres(pool, { schema: 'collected' })
    const owner = newId()
    for (const id of Array.from({ length: 30 }, () => newId())) {
      await store.idempotency.claim(claimOf(id, { owner }))
      await store.idempotency.complete({ id, owner, answer: committing.commit, retentionMs: 0 })
    }
    const collected = await Promise.all(Array.from({ length: 5 }, () => store.idempotency.collect(20)))
    expect(collected.every((count) => count <= 20)).toBe(true)
    let total = collected.reduce((sum, count) => sum + count, 0)
    for (let count = 1; count > 0; total += count) count = await store.idempotency.collect(20)
    expect(total).toBe(30)
  })

  it('find expired records through their index', async () => {
    await postgres(pool, { schema: 'indexed' }).migrate()
    const client = await pool.connect()
    const { rows } = await client
      .query(`
      SET enable_seqscan = off;
      EXPLAIN SELECT id FROM indexed.holdfast_keys WHERE expires_at <= statement_timestamp() AND state <> 'running' ORDER BY expires_at LIMIT 10`)
      .then((results) => (results as unknown as pg.QueryResult[])[1] as pg.QueryResult)
    expect(JSON.stringify(rows)).toContain('holdfast_keys_expires')
    client.release(true)
  })
})

describe('the options of the Postgres store', () => {
  const pool = { connect: () => Promise.reject(new Error('unused')), query: () => Promise.reject(new Error('unused')) }

  it('are checked when it is made', () => {
    expect(() => postgres(undefined as never)).toThrow('expected a pool with connect()')
    expect(() => postgres(pool, { schema: 'a"b' })).toThrow('expected schema to be a name')
    expect(() => postgres(pool, { table: 'x'.repeat(41) })).toThrow('expected table to be a name')
    expect(() => postgres(pool, { isolation: 'snapshot' as never })).toThrow('expected isolation to be one of read committed')
    expect(() => postgres(pool, { timeoutMs: 0 })).toThrow('expected timeoutMs to be a positive number')
    expect(() => postgres(pool, { transactionTimeoutMs: Number.NaN })).toThrow('expected transactionTimeoutMs')
  })
})
