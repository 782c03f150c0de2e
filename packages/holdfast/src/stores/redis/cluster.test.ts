import { Cluster, Redis } from 'ioredis'
import { createCluster } from 'redis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { describeWithRedis } from '../../../../../test/servers/index.ts'
import { claimWith } from '../../../test/redis/claims.ts'
import { uniquePrefix } from '../../../test/redis/clients.ts'
import { startCluster } from '../../../test/redis/cluster.ts'
import type { RunningCluster } from '../../../test/redis/cluster.ts'
import { idempotencyConformance } from '../../testing/index.ts'
import { fromIoredis, fromNodeRedisCluster, redis } from './index.ts'
import type { RedisCommand, RedisOptions } from './index.ts'

describeWithRedis('the Redis store on a cluster', () => {
  let cluster: RunningCluster
  let ioredis: Cluster
  const nodeRedis: { command?: RedisCommand; destroy?: () => void } = {}

  beforeAll(async () => {
    cluster = await startCluster()
    ioredis = new Cluster(cluster.nodes.map(({ port }) => ({ host: '127.0.0.1', port })))
    const client = createCluster({ rootNodes: cluster.nodes.map(({ url }) => ({ url })) })
    await client.connect()
    nodeRedis.command = fromNodeRedisCluster(client)
    nodeRedis.destroy = () => client.destroy()
  })

  afterAll(async () => {
    ioredis?.disconnect()
    nodeRedis.destroy?.()
    await cluster?.stop()
  })

  const overIoredis = (options: RedisOptions) => redis(fromIoredis(ioredis), options).idempotency
  const overNodeRedis = (options: RedisOptions) => redis(nodeRedis.command as RedisCommand, options).idempotency
  const tagged = () => ({ prefix: `{${uniquePrefix()}}`, countEveryKey: true })

  for (const [name, open] of [
    ['ioredis', overIoredis],
    ['node-redis', overNodeRedis],
  ] as const) {
    describe(`over ${name}`, () => {
      const spread = () => Promise.resolve(open({ prefix: uniquePrefix() }))
      for (const check of idempotencyConformance({ name: 'spread', open: spread, quota: false, histories: 10 })) it(check.name, check.run)
      const together = () => Promise.resolve(open(tagged()))
      for (const check of idempotencyConformance({ name: 'one slot', open: together, histories: 10 })) it(check.name, check.run)

      it('spreads records over all nodes', async () => {
        const prefix = uniquePrefix()
        const store = open({ prefix })
        await Promise.all(Array.from({ length: 60 }, () => store.claim(claimWith())))
        const counts = await Promise.all(cluster.nodes.map(({ url }) => countKeys(url, prefix)))
        expect(Math.min(...counts)).toBeGreaterThan(5)
        expect(counts.reduce((sum, count) => sum + count)).toBe(60)
      })

      it('says how to configure quotas when the keys lie in different slots', async () => {
        const store = open({ prefix: uniquePrefix() })
        const claims = Array.from({ length: 5 }, () => store.claim(claimWith({ quota: 5 })))
        const outcomes = await Promise.allSettled(claims)
        const refused = outcomes.filter((outcome) => outcome.status === 'rejected').map(({ reason }) => reason as Error)
        expect(refused.length).toBeGreaterThan(0)
        for (const error of refused)
          expect(error).toMatchObject({ code: 'configuration-invalid', message: expect.stringContaining("prefix: '{holdfast}:'") })
      })

      it('examines one of the nodes', async () => {
        expect(await open({}).doctor()).toMatchObject([{ code: 'redis-forgets-on-restart' }])
      })
    })
  }
})

async function countKeys(url: string, prefix: string): Promise<number> {
  const client = new Redis(url)
  const names = await client.keys(`${prefix}*`)
  client.disconnect()
  return names.length
}
