import pg from 'pg'
import { afterAll, expect, it } from 'vitest'
import { claimOf, committing, newId } from '../../../test/postgres/support.ts'
import { describeWithPostgres, startPostgres } from '../../../../../test/servers/index.ts'
import { postgres } from './index.ts'

describeWithPostgres('the doctor of the Postgres store', (url) => {
  const pools: pg.Pool[] = []
  const open = (connectionString: string, options = ''): pg.Pool => {
    const pool = new pg.Pool({ connectionString, options })
    pools.push(pool)
    return pool
  }
  afterAll(async () => void (await Promise.all(pools.map((pool) => pool.end()))))

  it('finds nothing wrong with a durable server, before its tables are made and after', async () => {
    const server = await startPostgres({ durable: true })
    const pool = open(server.url)
    const store = postgres(pool)
    await expect(store.idempotency.doctor()).resolves.toEqual([])
    await store.migrate()
    await expect(store.idempotency.doctor()).resolves.toEqual([])
    await pool.end()
    pools.pop()
    await server.stop()
  })

  it('says that an unlogged table loses every key in a crash', async () => {
    const pool = open(url)
    const store = postgres(pool, { schema: 'unlogged' })
    await store.migrate()
    await pool.query('ALTER TABLE unlogged.holdfast_keys SET UNLOGGED')
    await expect(store.idempotency.doctor()).resolves.toContainEqual({
      severity: 'error',
      code: 'postgres-table-unlogged',
      message: expect.stringContaining('SET LOGGED'),
    })
  })

  it('warns of commits that do not wait for the disk, and of a server that does not sync', async () => {
    const store = postgres(open(url, '-c synchronous_commit=off'), { schema: 'asynchronous' })
    const codes = (await store.idempotency.doctor()).map(({ severity, code }) => `${severity} ${code}`)
    expect(codes).toEqual(['warning postgres-asynchronous-commit', 'warning postgres-fsync-off', 'warning postgres-full-page-writes-off'])
  })

  it('says that keys cannot be claimed where transactions are read-only', async () => {
    const store = postgres(open(url, '-c default_transaction_read_only=on'), { schema: 'frozen' })
    await expect(store.idempotency.doctor()).resolves.toContainEqual(
      expect.objectContaining({ severity: 'error', code: 'postgres-read-only' }),
    )
  })

  it('is right that claims and answers wait for the disk where synchronous_commit is off', async () => {
    const pool = open(url, '-c synchronous_commit=off')
    const store = postgres(pool, { schema: 'waits' })
    await store.migrate()
    let during: unknown
    // A trigger sees the setting the commit will be made with.
    await pool.query(`
      CREATE TABLE waits.seen (setting text);
      CREATE FUNCTION waits.see() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO waits.seen VALUES (current_setting('synchronous_commit')); RETURN NULL; END $$;
      CREATE CONSTRAINT TRIGGER see AFTER INSERT OR UPDATE ON waits.holdfast_keys DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION waits.see()`)
    const [id, owner] = [newId(), newId()]
    await store.idempotency.claim(claimOf(id, { owner }))
    await store.idempotency.complete({ id, owner, answer: committing.commit, retentionMs: 1000 })
    await store.idempotency.transact?.(claimOf(newId()), async ({ transaction }) => {
      during = (await (transaction as pg.PoolClient).query('SHOW synchronous_commit')).rows[0]
      return committing
    })
    expect(during).toEqual({ synchronous_commit: 'off' })
    const { rows } = await pool.query('SELECT setting FROM waits.seen')
    expect(rows).toEqual([{ setting: 'on' }, { setting: 'on' }, { setting: 'on' }])
    await expect(pool.query('SHOW synchronous_commit')).resolves.toMatchObject({ rows: [{ synchronous_commit: 'off' }] })
  })
})
