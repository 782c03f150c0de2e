import { describe, expect, it, onTestFinished } from 'vitest'
import { describeWithRedis, startRedis } from '../../../../../test/servers/index.ts'
import { openIoredis, openNodeRedis } from '../../../test/redis/clients.ts'
import { compileLimit, guardedLimits } from '../../rate-limit/index.ts'
import type { LimitStore, TakeItem } from '../../rate-limit/index.ts'
import { memory } from '../memory/index.ts'
import { redis } from './index.ts'

const burst = 20
const slowly = compileLimit({ name: 'slowly', limit: 20, windowSeconds: 86_400, burst }).meterAt(0)
const item: TakeItem = { owner: 'account:ada', counter: 'slowly', meter: slowly, cost: 1, shadow: false }
// The driver itself waits much longer than a test may take.
const driverTimeoutMs = 60_000

/** Takes until all that is left is used up; says how many passed, and how many of the answers needed no waiting. */
async function exhaust(store: LimitStore): Promise<{ passed: number; atOnce: number }> {
  let [passed, atOnce] = [0, 0]
  for (let call = 0; call < 1_000; call++) {
    const taking = store.take([item])
    if (!('then' in taking)) atOnce += 1
    if ((await taking).admitted) passed += 1
  }
  return { passed, atOnce }
}

describeWithRedis('limits over a Redis that goes away', () => {
  for (const [driver, open] of [
    ['ioredis', openIoredis],
    ['node-redis', openNodeRedis],
  ] as const) {
    describe(`through ${driver}`, () => {
      it.each([
        { what: 'hangs', stop: 'pause', start: 'resume', number: '[R31]' },
        { what: 'dies', stop: 'kill', start: 'restart', number: '[R30]' },
      ] as const)(
        'go on without one that $what, within what it last said, and return to it $number',
        { timeout: 60_000 },
        async ({ stop, start }) => {
          const server = await startRedis()
          onTestFinished(() => server.stop())
          const opened = await open(server.url, driverTimeoutMs)
          onTestFinished(() => opened.disconnect())
          const store = guardedLimits(redis(opened.command).limits, { local: memory().limits, nodes: 2, timeoutMs: 500 })
          for (let call = 0; call < 4; call++) expect((await store.take([item])).admitted).toBe(true)

          await server[stop]()
          // Sixteen are left, eight for each of two nodes. Whoever met the outage first has waited; nobody else does.
          const { passed, atOnce } = await exhaust(store)
          expect(passed).toBeLessThanOrEqual(8)
          expect(passed).toBeGreaterThanOrEqual(7)
          expect(atOnce).toBeGreaterThanOrEqual(995)

          await server[start]()
          await expect
            .poll(async () => (await store.take([{ ...item, cost: 0 }])).weight, { timeout: 40_000, interval: 50 })
            .toBeUndefined()
          // What was decided without the store is not replayed.
          const { passed: afterwards } = await exhaust(store)
          expect(afterwards).toBeGreaterThanOrEqual(15)
          expect(afterwards).toBeLessThanOrEqual(burst)
        },
      )
    })
  }
})
