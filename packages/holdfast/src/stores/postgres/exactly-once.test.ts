import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { callUntilAnswered, claimOf, committing, drivers, makeEffects, newId } from '../../../test/postgres/support.ts'
import { describeWithPostgres } from '../../../../../test/servers/index.ts'
import { postgres } from './index.ts'
import type { PostgresClient } from './index.ts'

const run = promisify(execFile)
const workerPath = new URL('../../../test/postgres/worker.ts', import.meta.url).pathname

describeWithPostgres('a transaction of the Postgres store', (url) => {
  for (const { driver, open } of drivers) {
    describe(`through ${driver}`, () => {
      const { pool, end } = open(url)
      const suffix = driver.replace('.', '_')
      const store = postgres(pool, { schema: `exactly_once_${suffix}` })
      let effects: Awaited<ReturnType<typeof makeEffects>>
      beforeAll(async () => {
        effects = await makeEffects(pool, `effects_${suffix}`)
        await store.migrate()
      })
      afterAll(end)

      it('has exactly one effect for each of 20 keys sent 60 times at once while 10 connections are lost in handlers', async () => {
        let losses = 10
        let committed = 0
        const keys = Array.from({ length: 20 }, () => newId())
        const calls = keys.flatMap((key) =>
          Array.from({ length: 60 }, async () => {
            const verdict = await callUntilAnswered(store.idempotency, key, async ({ transaction }) => {
              await effects.add(transaction, key)
              if (losses > 0) {
                losses -= 1
                await (transaction as PostgresClient).query('SELECT pg_terminate_backend(pg_backend_pid())')
              }
              return committing
            })
            if (verdict.kind === 'committed') committed += 1
            return verdict
          }),
        )
        const replays = (await Promise.all(calls)).filter(({ kind }) => kind === 'done')
        expect(replays).toHaveLength(1180)
        for (const replay of replays) expect(replay).toMatchObject({ answer: committing.commit })
        expect(losses).toBe(0)
        expect(committed).toBe(20)
        for (const key of keys) expect(await effects.count(key)).toBe(1)
      })

      it('says the store is unavailable when the connection dies in the handler, and a retry runs at once', async () => {
        const key = newId()
        const dying = store.idempotency.transact?.(claimOf(key), async ({ transaction }) => {
          await effects.add(transaction, key)
          await (transaction as PostgresClient).query('SELECT pg_terminate_backend(pg_backend_pid())')
          return committing
        })
        await expect(dying).rejects.toMatchObject({ code: 'store-unavailable' })
        await expect(
          callUntilAnswered(store.idempotency, key, async ({ transaction }) => {
            await effects.add(transaction, key)
            return committing
          }),
        ).resolves.toEqual({ kind: 'committed' })
        expect(await effects.count(key)).toBe(1)
      })

      it('keeps what a handler sends after its connection died between two queries out of the database', async () => {
        const key = newId()
        const dying = store.idempotency.transact?.(claimOf(key), async ({ transaction }) => {
          const client = transaction as PostgresClient
          const { rows } = await client.query('SELECT pg_backend_pid() AS pid')
          await pool.query('SELECT pg_terminate_backend($1)', [rows[0]?.['pid']])
          await new Promise((resolve) => setTimeout(resolve, 50))
          await Promise.all(Array.from({ length: 5 }, () => pool.query('SELECT 1')))
          await effects.add(client, key)
          return committing
        })
        await expect(dying).rejects.toMatchObject({ code: 'store-unavailable' })
        expect(await effects.count(key)).toBe(0)
        await expect(store.idempotency.lookup(key)).resolves.toBeUndefined()
      })

      it('passes an error of the handler through unchanged and leaves nothing behind', async () => {
        const key = newId()
        await pool.query(`CREATE TABLE unique_${suffix} (id int PRIMARY KEY)`)
        const failing = store.idempotency.transact?.(claimOf(key), async ({ transaction }) => {
          await effects.add(transaction, key)
          await (transaction as PostgresClient).query(`INSERT INTO unique_${suffix} VALUES (1), (1)`)
          return committing
        })
        await expect(failing).rejects.toMatchObject({ code: '23505' })
        expect(await effects.count(key)).toBe(0)
      })

      it('reports a deferred constraint that fails at the commit as it is', async () => {
        const key = newId()
        await pool.query(`CREATE TABLE deferred_${suffix} (id int UNIQUE DEFERRABLE INITIALLY DEFERRED)`)
        const failing = store.idempotency.transact?.(claimOf(key), async ({ transaction }) => {
          await (transaction as PostgresClient).query(`INSERT INTO deferred_${suffix} VALUES (1), (1)`)
          return committing
        })
        await expect(failing).rejects.toMatchObject({ code: '23505' })
        await expect(store.idempotency.lookup(key)).resolves.toBeUndefined()
      })

      it('does not record an answer when the handler swallowed a failed statement', async () => {
        const key = newId()
        const failing = store.idempotency.transact?.(claimOf(key), async ({ transaction }) => {
          await effects.add(transaction, key)
          await (transaction as PostgresClient).query('SELECT 1/0').catch(() => {})
          return committing
        })
        await expect(failing).rejects.toMatchObject({ code: '25P02' })
        expect(await effects.count(key)).toBe(0)
        await expect(store.idempotency.lookup(key)).resolves.toBeUndefined()
      })

      it('records nothing when the handler ended the transaction itself', async () => {
        const key = newId()
        const ending = store.idempotency.transact?.(claimOf(key), async ({ transaction }) => {
          await (transaction as PostgresClient).query('ROLLBACK')
          return committing
        })
        await expect(ending).rejects.toThrow('the handler ended the transaction')
        await expect(store.idempotency.lookup(key)).resolves.toBeUndefined()
      })

      it('rolls back when a plain claim took the key while the handler ran', async () => {
        const key = newId()
        const verdict = await store.idempotency.transact?.(claimOf(key), async ({ transaction }) => {
          await effects.add(transaction, key)
          await store.idempotency.claim(claimOf(key))
          return committing
        })
        expect(verdict).toMatchObject({ kind: 'running', attempt: 1 })
        expect(await effects.count(key)).toBe(0)
      })

      it('closes the connection of a handler that takes too long, and commits nothing of it', async () => {
        const key = newId()
        const impatient = postgres(pool, { schema: `exactly_once_${suffix}`, transactionTimeoutMs: 100 })
        const slow = impatient.idempotency.transact?.(claimOf(key), async ({ transaction }) => {
          await effects.add(transaction, key)
          await (transaction as PostgresClient).query('SELECT pg_sleep(2)')
          return committing
        })
        await expect(slow).rejects.toMatchObject({ code: 'store-unavailable' })
        await impatient.close()
        expect(await effects.count(key)).toBe(0)
      })

      it('lets the quota of an account be used up once by 30 transactions at once', async () => {
        const scope = newId()
        const verdicts = await Promise.all(
          Array.from({ length: 30 }, () => store.idempotency.transact?.(claimOf(newId(), { scope, quota: 5 }), async () => committing)),
        )
        expect(verdicts.filter((verdict) => verdict?.kind === 'committed')).toHaveLength(5)
        expect(verdicts.filter((verdict) => verdict?.kind === 'quota')).toHaveLength(25)
      })

      for (const isolation of ['repeatable read', 'serializable'] as const)
        it(`has one effect when 20 transactions of one key race under ${isolation}`, async () => {
          const key = newId()
          const strict = postgres(pool, { schema: `exactly_once_${suffix}`, isolation })
          await Promise.all(
            Array.from({ length: 20 }, () =>
              callUntilAnswered(strict.idempotency, key, async ({ transaction }) => {
                await effects.add(transaction, key)
                return committing
              }),
            ),
          )
          expect(await effects.count(key)).toBe(1)
          await strict.close()
        })
    })
  }

  it('has exactly one effect for each key when four new processes send all of them, making the tables at once', async () => {
    const [first] = drivers
    const { pool, end } = (first as (typeof drivers)[number]).open(url)
    const effects = await makeEffects(pool, 'effects_processes')
    const workers = Array.from({ length: 4 }, () => run(process.execPath, [workerPath, url, 'processes', 'effects_processes', '40']))
    for (const { stdout } of await Promise.all(workers)) expect(stdout).toBe('done\n')
    expect(await effects.count()).toBe(40)
    await end()
  })
})
