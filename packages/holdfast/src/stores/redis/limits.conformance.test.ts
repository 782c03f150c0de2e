import { Cluster } from 'ioredis'
import { createCluster } from 'redis'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { describeWithRedis } from '../../../../../test/servers/index.ts'
import { openIoredis, openNodeRedis, uniquePrefix } from '../../../test/redis/clients.ts'
import type { OpenClient } from '../../../test/redis/clients.ts'
import { startCluster } from '../../../test/redis/cluster.ts'
import type { RunningCluster } from '../../../test/redis/cluster.ts'
import { fakeClock, limitConformance } from '../../testing/index.ts'
import { fromIoredis, fromNodeRedisCluster, redis } from './index.ts'
import type { RedisCommand, RedisTextCommand } from './index.ts'
import { redisLimits } from './limits.ts'

describeWithRedis('the limits of the Redis store', (url) => {
  for (const [name, open] of [
    ['ioredis', openIoredis],
    ['node-redis', openNodeRedis],
  ] as const) {
    describe(`over ${name}`, () => {
      let opened: OpenClient
      beforeAll(async () => {
        opened = await open(url, 60_000)
      })
      afterAll(() => opened.disconnect())
      const store = () => redis(opened.command, { prefix: uniquePrefix() }).limits
      const takesAtOnce = name === 'ioredis' ? 10_000 : 1_000
      for (const check of limitConformance({ name, open: store, takesAtOnce, histories: 20 })) it(check.name, check.run)
    })
  }

  describe('in virtual time, over a command function that carries text only', () => {
    let opened: Awaited<ReturnType<typeof openIoredis>>
    beforeAll(async () => {
      opened = await openIoredis(url)
    })
    afterAll(() => opened.disconnect())
    const clock = fakeClock()
    const command: RedisTextCommand = (name, ...args) => opened.client.call(name, ...args)
    const open = () =>
      redisLimits({ command: command as RedisCommand, prefix: uniquePrefix(), encoding: 'base64', virtualNow: () => clock.now() })
    const options = { name: 'text', open, time: clock, histories: 150, takesAtOnce: 200 }
    for (const check of limitConformance(options)) it(check.name, check.run)
  })

  describe('on a cluster of three primaries', () => {
    let cluster: RunningCluster
    let ioredis: Cluster
    const nodeRedis: { command?: RedisCommand; destroy?: () => void } = {}
    beforeAll(async () => {
      cluster = await startCluster()
      ioredis = new Cluster(cluster.nodes.map(({ port }) => ({ host: '127.0.0.1', port })))
      const client = createCluster({ rootNodes: cluster.nodes.map((node) => ({ url: node.url })) })
      await client.connect()
      nodeRedis.command = fromNodeRedisCluster(client)
      nodeRedis.destroy = () => client.destroy()
    }, 60_000)
    afterAll(async () => {
      ioredis?.disconnect()
      nodeRedis.destroy?.()
      await cluster?.stop()
    })

    const overIoredis = () => redis(fromIoredis(ioredis), { prefix: uniquePrefix() }).limits
    const overNodeRedis = () => redis(nodeRedis.command as RedisCommand, { prefix: uniquePrefix() }).limits
    for (const check of limitConformance({ name: 'ioredis', open: overIoredis, owners: 1, histories: 10 })) it(check.name, check.run)
    const fewer = { histories: 10, takesAtOnce: 1_000 }
    for (const check of limitConformance({ name: 'node-redis', open: overNodeRedis, owners: 1, ...fewer })) it(check.name, check.run)
    const together = () => redis(fromIoredis(ioredis), { prefix: `{${uniquePrefix()}}` }).limits
    for (const check of limitConformance({ name: 'one slot', open: together, ...fewer })) it(check.name, check.run)
  })
})
