import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { Cluster } from 'ioredis'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { describeWithRedis, startRedis } from '../../../../../test/servers/index.ts'
import { openIoredis, openNodeRedis, uniquePrefix } from '../../../test/redis/clients.ts'
import type { OpenClient } from '../../../test/redis/clients.ts'
import { startCluster } from '../../../test/redis/cluster.ts'
import type { RunningCluster } from '../../../test/redis/cluster.ts'
import { startRedisProxy } from '../../../test/redis/wire.ts'
import type { RedisProxy } from '../../../test/redis/wire.ts'
import { remaining } from '../../rate-limit/decide.ts'
import { compileLimit } from '../../rate-limit/limit.ts'
import type { LimitStore, TakeItem } from '../../rate-limit/store.ts'
import { fromIoredis, redis } from './index.ts'
import { redisLimits } from './limits.ts'

const daily = compileLimit({ name: 'daily', limit: 10, windowSeconds: 864_000, burst: 10 }).meterAt(0)
const itemOf = (owner: string, limit = daily, changes: Partial<TakeItem> = {}): TakeItem => ({
  owner,
  counter: 'calls',
  meter: limit,
  cost: 1,
  shadow: false,
  ...changes,
})
const ofBurst = (burst: number) => compileLimit({ name: 'x', limit: burst, windowSeconds: 100 * 86_400, burst }).meterAt(0)

async function left(store: LimitStore, item: TakeItem): Promise<number> {
  const { items } = await store.take([{ ...item, cost: 0 }])
  return remaining(item.meter, items[0]?.state ?? [])
}

describeWithRedis('the limits of the Redis store', (url) => {
  for (const [driver, open] of [
    ['ioredis', openIoredis],
    ['node-redis', openNodeRedis],
  ] as const) {
    describe(`on the wire, over ${driver}`, () => {
      let proxy: RedisProxy
      let opened: OpenClient
      let store: LimitStore
      beforeAll(async () => {
        proxy = await startRedisProxy(Number(new URL(url).port))
        opened = await open(proxy.url, 60_000)
        store = redis(opened.command, { prefix: uniquePrefix() }).limits
        // The server learns each script once.
        await store.take([itemOf('first')])
        await store.settle({ token: 'first', takenAt: 0, items: [{ ...itemOf('first'), delta: 0 }] })
      })
      afterAll(() => {
        opened.disconnect()
        proxy.close()
      })

      it('take one round trip for three limits, of one owner or of several [R18]', async () => {
        const three = ['second', 'day', 'month'].map((counter) => itemOf('ada', daily, { counter }))
        const owners = ['account:ada', 'ip:192.0.2.1', ''].map((owner) => itemOf(owner))
        proxy.takeRoundTrips()
        for (const operation of [
          () => store.take(three),
          () => store.take(owners),
          () => store.take(owners.map((item) => ({ ...item, cost: 100 }))),
          () => store.settle({ token: randomUUID(), takenAt: 0, items: owners.map((item) => ({ ...item, delta: 1 })) }),
        ]) {
          await operation()
          expect(proxy.takeRoundTrips()).toBe(1)
        }
      })
    })
  }

  describe('on a server', () => {
    let opened: Awaited<ReturnType<typeof openIoredis>>
    let prefix: string
    let store: LimitStore
    beforeAll(async () => {
      opened = await openIoredis(url)
      prefix = uniquePrefix()
      store = redis(opened.command, { prefix }).limits
    })
    afterAll(() => opened.disconnect())

    it('are one hash for each owner, with a readable field for each counter, which expires by itself', async () => {
      await store.take([itemOf('account:ada'), itemOf('account:ada', daily, { counter: 'other' }), itemOf('')])
      const keys = await opened.client.keys(`${prefix}*`)
      expect(keys.toSorted()).toEqual([`${prefix}meters:{*}`, `${prefix}meters:{account:ada}`])
      expect((await opened.client.hkeys(`${prefix}meters:{account:ada}`)).toSorted()).toEqual(['bucket:calls', 'bucket:other'])
      expect(await opened.client.pttl(`${prefix}meters:{account:ada}`)).toBeGreaterThan(86_400_000)
    })

    it('are kept under a digest where a name is long, or has control characters or braces', async () => {
      for (const owner of ['x'.repeat(65), 'a\nb', 'a}b', '#a', '*'])
        await store.take([itemOf(owner), itemOf(owner, daily, { counter: `${owner}1` })])
      const keys = (await opened.client.keys(`${prefix}meters:{#*`)).toSorted()
      expect(keys).toHaveLength(5)
      for (const key of keys) expect(key.slice(prefix.length)).toMatch(/^meters:\{#[\w-]{43}\}$/)
    })

    it('write nothing for a refusal or a look', async () => {
      await store.take([itemOf('nobody', daily, { cost: 11 })])
      await store.take([itemOf('nobody', daily, { cost: 0 })])
      expect(await opened.client.exists(`${prefix}meters:{nobody}`)).toBe(0)
    })

    it('do not grow without bound when an owner has ever other counters', async () => {
      const short = compileLimit({ name: 'x', limit: 1_000, windowSeconds: 1, burst: 1_000 }).meterAt(0)
      let virtual = Date.now()
      const limits = redisLimits({ command: opened.command, prefix, encoding: 'binary', virtualNow: () => virtual })
      for (let call = 0; call < 500; call++) {
        virtual += 1_000
        await limits.take([itemOf('busy', short, { counter: String(call) })])
      }
      expect(await opened.client.hlen(`${prefix}meters:{busy}`)).toBeLessThan(60)
    })

    it('forget no large number on the way, whichever client rounds it', async () => {
      const other = await openNodeRedis(url)
      onTestFinished(() => other.disconnect())
      const large = compileLimit({
        name: 'x',
        limit: 4_000_000_000_000_000,
        windowSeconds: 1,
        burst: 4_000_000_000_000_000,
        maxDebt: 0,
      }).meterAt(0)
      const window = compileLimit({ name: 'y', kind: 'window', limit: 9_007_199_254_740_990, windowSeconds: 1_000_000 }).meterAt(0)
      for (const limits of [store, redis(other.command, { prefix: uniquePrefix() }).limits]) {
        await limits.take([itemOf('rich', window, { cost: 9_007_199_254_740_989 })])
        expect(await left(limits, itemOf('rich', window))).toBe(1)
        expect((await limits.take([itemOf('rich', large, { cost: 4_000_000_000_000_000 })])).admitted).toBe(true)
      }
    })

    it('reject when the reply is no answer [R32]', async () => {
      const counts = [1_767_571_200_000, 5, 0]
      const broken = [
        counts.slice(0, 2),
        [...counts, 6],
        counts.with(0, -3),
        counts.with(2, -3),
        counts.with(1, 1.5),
        counts.with(1, 2 ** 53),
      ]
      const strange = [[...counts.slice(0, 2), null], [...counts.slice(0, 2), ['5']], counts.map((count) => `${count}x`)]
      const bytes = ['', '930105', 'c0', '920105', Buffer.from('OK').toString('hex')].map((hex) => Buffer.from(hex, 'hex'))
      for (const reply of [null, [], 5, [1, 2], ...broken, ...strange, ...bytes]) {
        const garbage = redis(() => Promise.resolve(reply)).limits
        await expect(garbage.take([itemOf('a')])).rejects.toMatchObject({ code: 'store-unavailable' })
      }
      // Bytes that became text are gone, and that is not the server's doing.
      await expect(redis(() => Promise.resolve('OK')).limits.take([itemOf('a')])).rejects.toMatchObject({ code: 'configuration-invalid' })
      await expect(
        redis(() => Promise.resolve('OK')).limits.settle({ token: 'a', takenAt: 0, items: [{ ...itemOf('a'), delta: 0 }] }),
      ).rejects.toMatchObject({ code: 'store-unavailable' })
    })

    it('give four processes whose clocks are up to 30 s apart together what one may have [R27]', async () => {
      for (const numbers of [
        { limit: 10, windowSeconds: 86_400, burst: 10 },
        { kind: 'window', limit: 10, windowSeconds: 86_400 },
        { kind: 'calendar', limit: 10, period: 'year' },
      ] as const) {
        const owner = randomUUID()
        const limit = compileLimit({ name: 'x', ...numbers })
        const processes = [0, 10, 20, 30].map((seconds) => {
          const clock = { now: () => Date.now() + seconds * 1_000, after: () => () => {} }
          return { clock, store: redis(opened.command, { prefix, clock }).limits }
        })
        let admitted = 0
        for (let round = 0; round < 10; round++)
          for (const { clock, store } of processes)
            if ((await store.take([itemOf(owner, limit.meterAt(clock.now()))])).admitted) admitted += 1
        expect(admitted).toBe(10)
      }
    })
  })

  it('work again after the server has restarted, which forgets the scripts', async () => {
    const server = await startRedis()
    onTestFinished(() => server.stop())
    const opened = await openIoredis(server.url)
    onTestFinished(() => opened.disconnect())
    const store = redis(opened.command).limits
    await store.take([itemOf('a')])
    await server.kill()
    await expect(store.take([itemOf('a')])).rejects.toMatchObject({ code: 'store-unavailable' })
    await server.restart()
    await expect
      .poll(async () => (await Promise.resolve(store.take([itemOf('a')])).catch(() => undefined))?.admitted, { timeout: 10_000 })
      .toBe(true)
  })

  describe('on a cluster of three primaries', () => {
    let cluster: RunningCluster
    let client: Cluster
    beforeAll(async () => {
      cluster = await startCluster()
      client = new Cluster(cluster.nodes.map(({ port }) => ({ host: '127.0.0.1', port })))
    }, 60_000)
    afterAll(async () => {
      client?.disconnect()
      await cluster?.stop()
    })
    const open = (prefix = uniquePrefix()) => redis(fromIoredis(client), { prefix }).limits

    it('never admit more than any owner has under 50 parallel clients, and give back what a refusal held [R21]', async () => {
      const prefix = uniquePrefix()
      const owners = Array.from({ length: 10 }, () => randomUUID())
      const everybody = itemOf('', ofBurst(60))
      const clients = Array.from({ length: 50 }, (_, index) => ({
        store: open(prefix),
        mine: itemOf(owners[index % 10] as string, ofBurst(8)),
      }))
      const admitted = new Map<string, number>()
      await Promise.all(
        clients.map(async ({ store, mine }) => {
          for (let call = 0; call < 4; call++)
            if ((await store.take([mine, everybody])).admitted) admitted.set(mine.owner, (admitted.get(mine.owner) ?? 0) + 1)
        }),
      )
      const total = [...admitted.values()].reduce((sum, count) => sum + count, 0)
      expect(total).toBeLessThanOrEqual(60)
      for (const count of admitted.values()) expect(count).toBeLessThanOrEqual(8)
      const store = open(prefix)
      // What is used is what was admitted, and at most what drained while a refusal was under way.
      expect(await left(store, everybody)).toBeOneOf([60 - total, 59 - total])
      for (const owner of owners) {
        const mine = 8 - (admitted.get(owner) ?? 0)
        expect(await left(store, itemOf(owner, ofBurst(8)))).toBeOneOf([mine, mine - 1])
      }
    })

    it('admit exactly what the smallest of three owners has left, one after the other', async () => {
      const store = open()
      const items = [
        itemOf(randomUUID(), ofBurst(5)),
        itemOf(randomUUID(), ofBurst(20)),
        itemOf(randomUUID(), ofBurst(9), { shadow: true }),
      ]
      const results = []
      for (let call = 0; call < 12; call++) results.push(await store.take(items))
      expect(results.filter(({ admitted }) => admitted)).toHaveLength(5)
      expect(results.at(-1)?.items.map(({ fits }) => fits)).toEqual([false, true, true])
      expect(await Promise.all(items.map((item) => left(store, item)))).toEqual([0, 15, 4])
    })

    it('cost the other owners nothing when a caller hammers one that refuses', async () => {
      const store = open()
      const fast = compileLimit({ name: 'fast', limit: 1_000_000, windowSeconds: 1, burst: 10 }).meterAt(0)
      const exhausted = itemOf(randomUUID(), ofBurst(1))
      const other = itemOf(randomUUID(), fast)
      await store.take([exhausted])
      await store.take([exhausted, other])
      const results = await Promise.all(Array.from({ length: 500 }, async () => store.take([other, exhausted])))
      expect(results.every(({ admitted }) => !admitted)).toBe(true)
      await sleep(5)
      expect(await left(store, other)).toBe(10)
    })

    it('give the others back what they hold when one owner cannot be reached', async () => {
      const prefix = uniquePrefix()
      const down = new Set<string>()
      const command = fromIoredis(client)
      const limits = redis(
        (name, ...args) =>
          args.some((arg) => down.has(String(arg))) ? Promise.reject(new Error('connection lost')) : command(name, ...args),
        { prefix },
      ).limits
      const items = [itemOf('up'), itemOf('down'), itemOf('also up')]
      await limits.take(items)
      down.add(`${prefix}meters:{down}`)
      for (let call = 0; call < 5; call++) await expect(limits.take(items)).rejects.toMatchObject({ code: 'store-unavailable' })
      down.clear()
      expect(await Promise.all(items.map((item) => left(limits, item)))).toEqual([9, 9, 9])
    })

    it('settle the counters of several owners, once each', async () => {
      const store = open()
      const items = [itemOf(randomUUID()), itemOf(randomUUID())].map((item) => ({ ...item, cost: 5 }))
      const { now } = await store.take(items)
      const settlement = { token: randomUUID(), takenAt: now, items: items.map((item) => ({ ...item, delta: -2 })) }
      expect((await store.settle(settlement)).applied).toBe(true)
      expect((await store.settle(settlement)).applied).toBe(false)
      expect(await Promise.all(items.map((item) => left(store, item)))).toEqual([7, 7])
    })
  })
})
