import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { describeWithRedis } from '../../../../../test/servers/index.ts'
import { answerTo, claimWith, hourMs, repeatOf } from '../../../test/redis/claims.ts'
import { openIoredis, openNodeRedis, uniquePrefix } from '../../../test/redis/clients.ts'
import type { OpenClient } from '../../../test/redis/clients.ts'
import { startRedisProxy } from '../../../test/redis/wire.ts'
import type { RedisProxy } from '../../../test/redis/wire.ts'
import type { IdempotencyStore } from '../../idempotency/store.ts'
import { redis } from './index.ts'

describeWithRedis('on the wire', (url) => {
  for (const [driver, open] of [
    ['ioredis', openIoredis],
    ['node-redis', openNodeRedis],
  ] as const) {
    describe(`over ${driver}`, () => {
      let proxy: RedisProxy
      let opened: OpenClient
      let store: IdempotencyStore

      beforeAll(async () => {
        proxy = await startRedisProxy(Number(new URL(url).port))
        opened = await open(proxy.url, 60_000)
        store = redis(opened.command, { prefix: uniquePrefix() }).idempotency
        // The server learns each script once.
        const claim = claimWith()
        await store.claim(claim)
        await store.heartbeat(claim.id, claim.owner, hourMs)
        await store.abandon(claim.id, claim.owner, hourMs)
        await store.resolve({ id: claim.id, owner: 'operator', answer: undefined, retentionMs: hourMs })
        await store.complete(answerTo(claim, 'answer'))
        await store.lookup(claim.id)
      })

      afterAll(() => {
        opened.disconnect()
        proxy.close()
      })

      it('takes one round trip for every operation', async () => {
        const [claim, lost] = [claimWith({ quota: 100 }), claimWith()]
        const operations: Readonly<Record<string, () => Promise<unknown>>> = {
          claim: () => store.claim(claim),
          'claim another': () => store.claim(lost),
          heartbeat: () => store.heartbeat(claim.id, claim.owner, hourMs),
          complete: () => store.complete(answerTo(claim, 'answer')),
          replay: () => store.claim(repeatOf(claim)),
          abandon: () => store.abandon(lost.id, lost.owner, hourMs),
          resolve: () => store.resolve({ id: lost.id, owner: 'operator', answer: undefined, retentionMs: hourMs }),
          release: () => store.release(lost.id, lost.owner, hourMs),
          lookup: () => store.lookup(claim.id),
        }
        const roundTrips: string[] = []
        proxy.takeRoundTrips()
        for (const [name, operation] of Object.entries(operations)) {
          await operation()
          roundTrips.push(`${name}: ${proxy.takeRoundTrips()}`)
        }
        expect(roundTrips).toEqual(Object.keys(operations).map((name) => `${name}: 1`))
      })
    })
  }
})
