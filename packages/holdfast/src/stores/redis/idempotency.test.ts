import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { describeWithRedis } from '../../../../../test/servers/index.ts'
import { answerTo, claimWith, hourMs, repeatOf } from '../../../test/redis/claims.ts'
import { openIoredis, openNodeRedis, uniquePrefix } from '../../../test/redis/clients.ts'
import { redis } from './index.ts'
import type { RedisOptions } from './index.ts'

describeWithRedis('the idempotency store in Redis', (url) => {
  for (const [driver, open] of [
    ['ioredis', openIoredis],
    ['node-redis', openNodeRedis],
  ] as const) {
    describe(`over ${driver}`, () => {
      let opened: Awaited<ReturnType<typeof open>>
      beforeAll(async () => {
        opened = await open(url, 15_000)
      })
      afterAll(() => opened.disconnect())
      const newStore = (options: RedisOptions = {}) => redis(opened.command, { prefix: uniquePrefix(), ...options }).idempotency

      it('lets one of sixty concurrent claims of each of two hundred keys run', async () => {
        const store = newStore()
        const keys = Array.from({ length: 200 }, () => claimWith())
        const verdicts = await Promise.all(Array.from({ length: 60 }, () => keys.map((claim) => store.claim(repeatOf(claim)))).flat())
        const kinds = verdicts.map(({ kind }) => kind)
        expect(kinds.filter((kind) => kind === 'acquired')).toHaveLength(200)
        expect(kinds.filter((kind) => kind === 'running')).toHaveLength(200 * 59)
      })

      it('fences a runner whose lease was taken over', async () => {
        const store = newStore()
        const zombie = claimWith({ leaseMs: 0, onOrphan: 'rerun' })
        await store.claim(zombie)
        const winner = repeatOf(zombie, { leaseMs: hourMs })
        expect(await store.claim(winner)).toMatchObject({ kind: 'acquired', attempt: 2 })
        expect(await store.complete(answerTo(zombie, 'late'))).toBe('fenced')
        expect(await store.complete(answerTo(winner, 'first'))).toBe('recorded')
        expect(await store.complete(answerTo(zombie, 'later'))).toBe('fenced')
        expect((await store.lookup(zombie.id))?.answer).toEqual(new TextEncoder().encode('first'))
      })

      it.each([
        ['no bytes', new Uint8Array(0)],
        ['zero bytes', new Uint8Array(3)],
        ['every byte', Uint8Array.from({ length: 256 }, (_, index) => index)],
        ['bytes that are no UTF-8', Uint8Array.of(0xff, 0xfe, 0x0d, 0x0a, 0xc3, 0x28, 0x00)],
        ['a mebibyte', new Uint8Array(randomBytes(1_048_576))],
        ['a view into a longer array', new Uint8Array([9, 9, 1, 0, 2, 9]).subarray(2, 5)],
      ])('gives back %s as they were recorded', async (_name, answer) => {
        const store = newStore()
        const claim = claimWith()
        await store.claim(claim)
        await store.complete(answerTo(claim, answer))
        const verdict = await store.claim(repeatOf(claim))
        expect(verdict).toEqual({ kind: 'done', attempt: 1, answer: Uint8Array.from(answer) })
        expect((await store.lookup(claim.id))?.answer).toEqual(Uint8Array.from(answer))
      })

      it('loads its scripts again after the server has forgotten them', async () => {
        const store = newStore()
        const claim = claimWith()
        const forget = () => opened.command('SCRIPT', 'FLUSH')
        await forget()
        expect((await store.claim(claim)).kind).toBe('acquired')
        await forget()
        expect(await store.heartbeat(claim.id, claim.owner, hourMs)).toBe(true)
        await forget()
        expect(await store.abandon(claim.id, claim.owner, hourMs)).toBe(true)
        await forget()
        expect(await store.resolve({ id: claim.id, owner: 'operator', answer: undefined, retentionMs: hourMs })).toBe(true)
        await forget()
        expect((await store.lookup(claim.id))?.state).toBe('released')
      })
    })
  }

  describe('in the keyspace', () => {
    let opened: Awaited<ReturnType<typeof openIoredis>>
    beforeAll(async () => {
      opened = await openIoredis(url)
    })
    afterAll(() => opened.disconnect())
    const newStore = (options: RedisOptions = {}) => {
      const prefix = uniquePrefix()
      return { prefix, store: redis(opened.command, { prefix, ...options }).idempotency }
    }

    it('holds what it was given, times, and nothing else', async () => {
      const { prefix, store } = newStore()
      const claim = claimWith({ quota: 5 })
      await store.claim(claim)
      await store.complete(answerTo(claim, 'sealed'))
      expect((await opened.client.keys(`${prefix}*`)).toSorted()).toEqual([`${prefix}account:account`, `${prefix}key:${claim.id}`])
      const { created, completed, expires, ...rest } = await opened.client.hgetall(`${prefix}key:${claim.id}`)
      expect(rest).toEqual({
        state: 'done',
        fingerprint: 'call',
        owner: claim.owner,
        attempt: '1',
        answer: 'sealed',
        counted: `${prefix}account:account`,
      })
      expect(Number(completed)).toBeGreaterThanOrEqual(Number(created))
      expect(Number(expires)).toBe(Number(completed) + claim.retentionMs)
    })

    it('lets go of a record when its retention is over, and never of a running one', async () => {
      const { prefix, store } = newStore()
      const claim = claimWith({ retentionMs: 2 * hourMs, leaseMs: 0 })
      const remaining = () => opened.client.pttl(`${prefix}key:${claim.id}`)
      await store.claim(claim)
      expect(await remaining()).toBe(-1)
      await store.release(claim.id, claim.owner, 2 * hourMs)
      expect(await remaining()).toBeGreaterThan(hourMs)
      await store.claim(claim)
      expect(await remaining()).toBe(-1)
      await store.claim(repeatOf(claim))
      expect(await remaining()).toBeGreaterThan(719 * hourMs)
      await store.complete(answerTo(claim, 'late'))
      expect(await remaining()).toBeLessThanOrEqual(2 * hourMs)
      expect(await store.collect(100)).toBe(0)
    })

    it('goes by the time in the record when the server has not yet let go of it', async () => {
      const { prefix, store } = newStore()
      const claim = claimWith()
      await store.claim(claim)
      await store.complete(answerTo(claim, 'answer'))
      await opened.client.hset(`${prefix}key:${claim.id}`, { expires: '1000', created: '500' })
      expect(await store.lookup(claim.id)).toBeUndefined()
      expect(await store.claim(repeatOf(claim, { fingerprint: 'another call' }))).toEqual({
        kind: 'acquired',
        attempt: 1,
        progress: undefined,
      })
      expect(await store.lookup(claim.id)).toMatchObject({ state: 'running', answer: undefined, expiresInMs: undefined })
      expect((await store.lookup(claim.id))?.ageMs).toBeLessThan(hourMs)
      expect(await opened.client.pttl(`${prefix}key:${claim.id}`)).toBe(-1)
    })

    it('keeps the age of a record over a take-over', async () => {
      const { prefix, store } = newStore()
      const claim = claimWith({ leaseMs: 0, onOrphan: 'rerun' })
      await store.claim(claim)
      await opened.client.hincrby(`${prefix}key:${claim.id}`, 'created', -hourMs)
      expect(await store.claim(repeatOf(claim))).toMatchObject({ kind: 'acquired', attempt: 2 })
      expect((await store.lookup(claim.id))?.ageMs).toBeGreaterThanOrEqual(hourMs)
    })

    it('does not count a record that somebody deleted by hand against its own key', async () => {
      const { prefix, store } = newStore()
      const claim = claimWith({ quota: 1 })
      await store.claim(claim)
      await opened.client.del(`${prefix}key:${claim.id}`)
      expect(await store.claim(repeatOf(claim))).toMatchObject({ kind: 'acquired', attempt: 1 })
    })

    it('lets go of the count of an account with its last record', async () => {
      const { prefix, store } = newStore()
      const [first, second] = [claimWith({ quota: 5 }), claimWith({ quota: 5 })]
      const remaining = () => opened.client.pttl(`${prefix}account:account`)
      await store.claim(first)
      await store.claim(second)
      await store.complete(answerTo(first, 'first'))
      expect(await remaining()).toBe(-1)
      await store.complete({ ...answerTo(second, 'second'), retentionMs: hourMs })
      expect(await remaining()).toBeGreaterThan(23 * hourMs)
      expect(await opened.client.zrange(`${prefix}account:account`, '0', '-1')).toEqual([
        `${prefix}key:${second.id}`,
        `${prefix}key:${first.id}`,
      ])
    })

    it('frees a place in the quota when a record expires', async () => {
      const { store } = newStore()
      const first = claimWith({ quota: 1 })
      await store.claim(first)
      expect(await store.claim(claimWith({ quota: 1 }))).toEqual({ kind: 'quota' })
      expect(await store.claim(claimWith({ quota: 1, scope: 'other' }))).toMatchObject({ kind: 'acquired' })
      expect(await store.claim(repeatOf(first))).toMatchObject({ kind: 'running' })
      await store.release(first.id, first.owner, 0)
      expect(await store.claim(claimWith({ quota: 1 }))).toMatchObject({ kind: 'acquired' })
    })

    it('counts records of routes without a quota only when told to', async () => {
      for (const countEveryKey of [false, true]) {
        const { store } = newStore({ countEveryKey })
        await store.claim(claimWith())
        expect((await store.claim(claimWith({ quota: 1 }))).kind).toBe(countEveryKey ? 'quota' : 'acquired')
      }
    })

    it('refuses to run when the client turns replies into text', async () => {
      const store = redis((name, ...args) => opened.client.call(name, ...args), { prefix: uniquePrefix() }).idempotency
      await expect(store.claim(claimWith())).rejects.toMatchObject({
        code: 'configuration-invalid',
        message: expect.stringContaining('fromIoredis'),
      })
    })
  })
})
