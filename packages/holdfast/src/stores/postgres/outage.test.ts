import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { claimOf, committing, drivers, makeEffects, newId } from '../../../test/postgres/support.ts'
import type { Opened } from '../../../test/postgres/support.ts'
import { describeWithPostgres, startPostgres } from '../../../../../test/servers/index.ts'
import type { RunningServer } from '../../../../../test/servers/index.ts'
import { postgres } from './index.ts'
import type { PostgresClient, PostgresStore } from './index.ts'

const places = 4
const unavailable = { code: 'store-unavailable' }

describeWithPostgres('the Postgres store during an outage', () => {
  for (const { driver, open } of drivers) {
    describe(`through ${driver}`, () => {
      let server: RunningServer
      let opened: Opened
      let store: PostgresStore
      let effects: Awaited<ReturnType<typeof makeEffects>>
      beforeAll(async () => {
        server = await startPostgres()
        opened = open(server.url, places)
        store = postgres(opened.pool, { timeoutMs: 500, transactionTimeoutMs: 1000 })
        effects = await makeEffects(opened.pool, 'effects')
        // Half a second is what is tested, not what a busy disk needs for tables.
        await postgres(opened.pool).migrate()
      })
      afterAll(async () => {
        await opened.end()
        await server.stop()
      })

      const transact = (key: string) =>
        store.idempotency.transact?.(claimOf(key), async ({ transaction }) => {
          await effects.add(transaction, key)
          return committing
        })

      async function worksAgain(): Promise<void> {
        const key = newId()
        await expect
          .poll(() => transact(key)?.catch(() => undefined), { timeout: 8000 })
          .toMatchObject({ kind: expect.stringMatching(/committed|done/) })
        expect(await effects.count(key)).toBe(1)
        // Every place of the pool at once: none may be lost.
        const clients = await Promise.all(Array.from({ length: places }, () => opened.pool.connect()))
        for (const client of clients) client.release()
        // postgres.js rejects a promise nobody holds when a server goes while a new connection reads the types.
        await sleep(300)
      }

      it('works again in the same process after the server was killed and restarted', async () => {
        const idle = await Promise.all(Array.from({ length: places }, () => opened.pool.connect()))
        for (const client of idle) client.release()
        await server.kill()
        await expect(store.idempotency.claim(claimOf(newId()))).rejects.toMatchObject(unavailable)
        await expect(transact(newId())).rejects.toMatchObject(unavailable)
        await expect(store.idempotency.lookup(newId())).rejects.toMatchObject(unavailable)
        await server.restart()
        await worksAgain()
      })

      it('rolls back a handler whose server was restarted under it, and a retry runs', async () => {
        const key = newId()
        const dying = store.idempotency.transact?.(claimOf(key), async ({ transaction }) => {
          await effects.add(transaction, key)
          await server.kill()
          return committing
        })
        await expect(dying).rejects.toMatchObject(unavailable)
        await server.restart()
        await worksAgain()
        await expect(transact(key)).resolves.toEqual({ kind: 'committed' })
        expect(await effects.count(key)).toBe(1)
      })

      it('turns callers away in time while the server is paused, and loses no place of the pool', async () => {
        await server.pause()
        const startedAt = Date.now()
        const claims = Array.from({ length: 12 }, () => store.idempotency.claim(claimOf(newId())))
        for (const claim of await Promise.allSettled(claims)) expect(claim).toMatchObject({ status: 'rejected', reason: unavailable })
        expect(Date.now() - startedAt).toBeLessThan(2500)
        await server.resume()
        await worksAgain()
      })

      it('ends a transaction whose server is paused in the middle, and commits nothing of it', async () => {
        const key = newId()
        const stuck = store.idempotency.transact?.(claimOf(key), async ({ transaction }) => {
          await effects.add(transaction, key)
          await server.pause()
          await (transaction as PostgresClient).query('SELECT 1')
          return committing
        })
        await expect(stuck).rejects.toMatchObject(unavailable)
        await server.resume()
        await sleep(100)
        await worksAgain()
        expect(await effects.count(key)).toBe(0)
      })

      it('says so when it cannot make its tables, and makes them when the server is back', async () => {
        const late = postgres(opened.pool, { schema: 'late', timeoutMs: 500 })
        await server.stop()
        await expect(late.migrate()).rejects.toMatchObject(unavailable)
        await expect(late.idempotency.doctor()).rejects.toMatchObject(unavailable)
        await server.restart()
        await worksAgain()
        const claim = claimOf(newId())
        await expect.poll(() => late.idempotency.claim(claim).catch(() => undefined), { timeout: 8000 }).toMatchObject({ kind: 'acquired' })
      })
    })
  }
})
