import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startLoopback } from '../../../test/postgres/loopback.ts'
import type { Loopback } from '../../../test/postgres/loopback.ts'
import { claimOf, committing, drivers, newId } from '../../../test/postgres/support.ts'
import type { Opened } from '../../../test/postgres/support.ts'
import { describeWithPostgres } from '../../../../../test/servers/index.ts'
import { postgres } from './index.ts'
import type { PostgresClient, PostgresStore } from './index.ts'

describeWithPostgres('the Postgres store on the wire', (url) => {
  for (const { driver, open } of drivers) {
    describe(`through ${driver}`, () => {
      let loopback: Loopback
      let opened: Opened
      let store: PostgresStore
      beforeAll(async () => {
        loopback = await startLoopback(url)
        opened = open(loopback.url, 1)
        store = postgres(opened.pool, { schema: `round_trips_${driver.replace('.', '_')}` })
        await store.migrate()
        await opened.pool.query('CREATE TABLE IF NOT EXISTS round_trip_effects (key text)')
        await opened.pool.query('INSERT INTO round_trip_effects VALUES ($1)', ['prepared'])
      })
      afterAll(async () => {
        await opened.end()
        await loopback.close()
      })

      async function tripsOf(operation: () => Promise<unknown>): Promise<number> {
        const before = loopback.roundTrips
        await operation()
        return loopback.roundTrips - before
      }

      it('takes one round trip for each operation of the plain mode', async () => {
        const { idempotency } = store
        const [key, owner] = [newId(), newId()]
        expect(await tripsOf(() => idempotency.claim(claimOf(key, { owner })))).toBe(1)
        expect(await tripsOf(() => idempotency.claim(claimOf(key)))).toBe(1)
        expect(await tripsOf(() => idempotency.heartbeat(key, owner, 1000))).toBe(1)
        expect(await tripsOf(() => idempotency.complete({ id: key, owner, answer: committing.commit, retentionMs: 1000 }))).toBe(1)
        expect(await tripsOf(() => idempotency.claim(claimOf(key)))).toBe(1)
        expect(await tripsOf(() => idempotency.release(key, owner, 1000))).toBe(1)
        expect(await tripsOf(() => idempotency.abandon(key, owner, 1000))).toBe(1)
        expect(await tripsOf(() => idempotency.resolve({ id: key, owner, answer: undefined, retentionMs: 1000 }))).toBe(1)
        expect(await tripsOf(() => idempotency.lookup(key))).toBe(1)
        expect(await tripsOf(() => idempotency.collect(100))).toBe(1)
      })

      it('takes two round trips for a transaction beyond those of its handler', async () => {
        const insert = (transaction: unknown) =>
          (transaction as PostgresClient).query('INSERT INTO round_trip_effects VALUES ($1)', ['key'])
        await store.idempotency.transact?.(claimOf(newId()), async ({ transaction }) => (await insert(transaction), committing))
        const trips = await tripsOf(async () =>
          store.idempotency.transact?.(claimOf(newId()), async ({ transaction }) => (await insert(transaction), committing)),
        )
        expect(trips).toBe(3)
      })

      it('takes two round trips for a step beyond those of its body', async () => {
        const [key, owner] = [newId(), newId()]
        await store.idempotency.claim(claimOf(key, { owner }))
        expect(await tripsOf(async () => store.idempotency.step?.(key, owner, async () => Buffer.from('progress')))).toBe(2)
      })
    })
  }
})
