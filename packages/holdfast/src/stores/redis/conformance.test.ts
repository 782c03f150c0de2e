import { afterAll, beforeAll, describe, it } from 'vitest'
import { describeWithRedis } from '../../../../../test/servers/index.ts'
import { openIoredis, openNodeRedis, uniquePrefix } from '../../../test/redis/clients.ts'
import type { OpenClient } from '../../../test/redis/clients.ts'
import { idempotencyConformance } from '../../testing/index.ts'
import { redis } from './index.ts'
import type { RedisTextCommand } from './index.ts'

describeWithRedis('the Redis store', (url) => {
  for (const [name, open] of [
    ['ioredis', openIoredis],
    ['node-redis', openNodeRedis],
  ] as const) {
    describe(`over ${name}`, () => {
      let opened: OpenClient
      beforeAll(async () => {
        opened = await open(url)
      })
      afterAll(() => opened.disconnect())
      const store = () => Promise.resolve(redis(opened.command, { prefix: uniquePrefix(), countEveryKey: true }).idempotency)
      for (const check of idempotencyConformance({ name, open: store })) it(check.name, check.run)
    })
  }

  describe('counting only claims that carry a quota', () => {
    let opened: OpenClient
    beforeAll(async () => {
      opened = await openIoredis(url)
    })
    afterAll(() => opened.disconnect())
    const store = () => Promise.resolve(redis(opened.command, { prefix: uniquePrefix() }).idempotency)
    for (const check of idempotencyConformance({ name: 'uncounted', open: store, quota: false })) it(check.name, check.run)
  })

  describe('over a command function that carries text only', () => {
    let opened: Awaited<ReturnType<typeof openIoredis>>
    beforeAll(async () => {
      opened = await openIoredis(url)
    })
    afterAll(() => opened.disconnect())
    const command: RedisTextCommand = (name, ...args) => opened.client.call(name, ...args)
    const store = () => Promise.resolve(redis(command, { prefix: uniquePrefix(), encoding: 'base64', countEveryKey: true }).idempotency)
    for (const check of idempotencyConformance({ name: 'text', open: store })) it(check.name, check.run)
  })
})
