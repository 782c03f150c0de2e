import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startLoopback } from '../../../test/postgres/loopback.ts'
import type { Loopback } from '../../../test/postgres/loopback.ts'
import { drivers, newId } from '../../../test/postgres/support.ts'
import type { Opened } from '../../../test/postgres/support.ts'
import { describeWithPostgres, startPostgres } from '../../../../../test/servers/index.ts'
import { remaining } from '../../rate-limit/decide.ts'
import type { LimitStore, Meter, TakeItem } from '../../rate-limit/store.ts'
import { postgres } from './index.ts'
import type { PostgresStore } from './index.ts'

const dayMs = 86_400_000
const bucket = (burst: number): Meter => ({
  kind: 'bucket',
  rate: 1,
  unit: dayMs,
  burst,
  capacity: burst * dayMs,
  ceiling: 2 * burst * dayMs,
})
const itemOf = (owner: string, counter: string, burst = 100): TakeItem => ({ owner, counter, meter: bucket(burst), cost: 1, shadow: false })

async function used(store: LimitStore, items: readonly TakeItem[]): Promise<readonly number[]> {
  const { items: standings } = await store.take(items.map((item) => ({ ...item, cost: 0 })))
  return standings.map(({ state }, index) => {
    const meter = items[index]?.meter as Extract<Meter, { kind: 'bucket' }>
    return meter.burst - remaining(meter, state)
  })
}

describeWithPostgres('the limits of the Postgres store', (url) => {
  for (const { driver, open } of drivers) {
    describe(`on the wire, through ${driver}`, () => {
      let loopback: Loopback
      let opened: Opened
      let store: PostgresStore
      beforeAll(async () => {
        loopback = await startLoopback(url)
        opened = open(loopback.url, 1)
        store = postgres(opened.pool, { schema: `limit_trips_${driver.replace('.', '_')}` })
        await store.migrate()
        await store.limits.collect?.(1)
      })
      afterAll(async () => {
        await opened.end()
        await loopback.close()
      })

      it('take one round trip for three limits, of one owner or of several [R18]', async () => {
        const trips: number[] = []
        const owner = newId()
        const three = ['second', 'day', 'month'].map((counter) => itemOf(owner, counter))
        const owners = ['account', 'ip', 'everybody'].map((who) => itemOf(`${who}:${owner}`, 'second'))
        const settlement = { token: newId(), takenAt: Date.now(), items: three.map((item) => ({ ...item, delta: -1 })) }
        for (const operation of [
          () => store.limits.take(three),
          () => store.limits.take(owners),
          () => store.limits.take(owners.map((item) => ({ ...item, cost: 1_000 }))),
          () => store.limits.settle(settlement),
          () => store.limits.collect?.(10),
        ]) {
          const before = loopback.roundTrips
          await operation()
          trips.push(loopback.roundTrips - before)
        }
        expect(trips).toEqual([1, 1, 1, 1, 1])
      })
    })
  }

  describe('under contention', () => {
    let opened: Opened
    let store: PostgresStore
    beforeAll(() => {
      opened = drivers[0]?.open(url, 50) as Opened
      store = postgres(opened.pool, { schema: 'limit_contention' })
    })
    afterAll(() => opened.end())

    it('never deadlock: 50 takes, settlements and collections at once, of many counters in every order', async () => {
      const root = newId()
      const all = Array.from({ length: 8 }, (_, index) => itemOf(`${root}${index % 3}`, `c${index}`, 1_000_000))
      let taken = 0
      const caller = async (_: unknown, number: number): Promise<void> => {
        for (let round = 0; round < 20; round++) {
          const order = all.toSorted(() => Math.random() - 0.5)
          if (round % 5 === 4)
            await store.limits.settle({ token: newId(), takenAt: 0, items: order.slice(0, 5).map((item) => ({ ...item, delta: 0 })) })
          else if (number % 10 === 0 && round % 5 === 3) await store.limits.collect?.(10)
          else if ((await store.limits.take(order)).admitted) taken += 1
        }
      }
      await Promise.all(Array.from({ length: 50 }, caller))
      expect(await used(store.limits, all)).toEqual(all.map(() => taken))
    }, 60_000)

    it('keep what is charged and refused apart when counters are made at the same moment', async () => {
      for (let round = 0; round < 10; round++) {
        const items = ['a', 'b', 'c'].map((counter, index) => itemOf(newId(), counter, 5 + index))
        const results = await Promise.all(Array.from({ length: 20 }, async () => store.limits.take(items.toReversed())))
        expect(results.filter(({ admitted }) => admitted)).toHaveLength(5)
        expect(await used(store.limits, items)).toEqual([5, 5, 5])
      }
    }, 60_000)

    it('write nothing for a refusal or a look', async () => {
      const item = itemOf(newId(), 'a', 1)
      await store.limits.take([item])
      const version = async () => {
        const { rows } = await opened.pool.query(
          'SELECT xmin::text, xmax::text FROM limit_contention.holdfast_keys_limits WHERE owner = $1',
          [item.owner],
        )
        return rows
      }
      const before = await version()
      expect((await store.limits.take([item, itemOf(newId(), 'other')])).admitted).toBe(false)
      await store.limits.take([{ ...item, cost: 0 }])
      expect(await version()).toEqual(before)
    })

    it('rewrite a counter in place, touching no index', async () => {
      const item = {
        ...itemOf(newId(), 'hot'),
        meter: { kind: 'bucket', rate: 1, unit: 100, burst: 1_000, capacity: 100_000, ceiling: 200_000 },
      } as const
      const updates = async () => {
        await opened.pool.query('SELECT pg_stat_force_next_flush()').catch(() => undefined)
        const { rows } = await opened.pool.query(
          "SELECT n_tup_upd::int AS all, n_tup_hot_upd::int AS hot FROM pg_stat_user_tables WHERE schemaname = 'limit_contention' AND relname = 'holdfast_keys_limits'",
        )
        return rows[0] as { all: number; hot: number }
      }
      const before = await updates()
      for (let call = 0; call < 100; call++) await store.limits.take([item])
      await expect.poll(async () => (await updates()).all - before.all, { timeout: 20_000, interval: 200 }).toBeGreaterThanOrEqual(100)
      const after = await updates()
      expect((after.hot - before.hot) / (after.all - before.all)).toBeGreaterThan(0.9)
    }, 30_000)
  })

  it('are deleted when they are as good as absent', async () => {
    const opened = drivers[0]?.open(url, 5) as Opened
    const store = postgres(opened.pool, { schema: 'limit_collect' })
    const items = Array.from({ length: 30 }, () => itemOf(newId(), 'a'))
    for (const item of items) await store.limits.take([item])
    await store.limits.settle({ token: 'one', takenAt: 0, items: [{ ...itemOf(newId(), 'b'), delta: 1 }] })
    expect(await store.limits.collect?.(100)).toBe(0)
    await opened.pool.query("UPDATE limit_collect.holdfast_keys_limits SET expires_at = 0 WHERE counter = 'bucket:a'")
    await opened.pool.query('UPDATE limit_collect.holdfast_keys_limit_tokens SET expires_at = 0')
    expect(await store.limits.collect?.(20)).toBe(20)
    expect(await store.limits.collect?.(20)).toBe(10)
    expect(await store.limits.settle({ token: 'one', takenAt: 0, items: [] })).toMatchObject({ applied: true })
    await opened.end()
  })

  it('start anew when the server has crashed, and say so by nothing but an empty table', async () => {
    const server = await startPostgres()
    const opened = drivers[0]?.open(server.url, 2) as Opened
    const store = postgres(opened.pool)
    const item = itemOf('a', 'a', 1)
    const take = async () => store.limits.take([item])
    expect(await take()).toMatchObject({ admitted: true })
    expect(await take()).toMatchObject({ admitted: false })
    await server.kill()
    await expect(take()).rejects.toMatchObject({ code: 'store-unavailable' })
    await server.restart()
    await expect.poll(() => take().catch(() => undefined), { timeout: 10_000 }).toMatchObject({ admitted: true })
    await opened.end()
    await server.stop()
  }, 60_000)
})
