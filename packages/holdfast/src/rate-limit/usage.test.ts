import { describe, expect, it } from 'vitest'
import { limited } from '../../test/support/limited.ts'
import { createReply } from '../core/index.ts'
import type { Call } from '../core/index.ts'
import { memory } from '../stores/memory/index.ts'
import { seededRandom } from '../testing/index.ts'
import type { LimitDeclaration } from './options.ts'
import type { LimitStore } from './store.ts'
import { limitsOf } from './usage.ts'

const tokens: LimitDeclaration = {
  name: 'tokens',
  limit: 100,
  windowSeconds: 100,
  burst: 100,
  cost: (head) => Number(head.headers.get('x-cost') ?? 0),
}
const reserving = (cost: number, settle: (call: Call) => unknown) => ({
  headers: { 'x-cost': String(cost) },
  handler: async (call: Call) => {
    await settle(call)
    return createReply(200)
  },
})

describe('a call that learns its cost later', () => {
  const remaining = async (ask: ReturnType<typeof limited>['ask']): Promise<number> =>
    Number(/r=(\d+)/.exec((await ask()).headers.get('ratelimit') ?? '')?.[1])

  it('gets back what it has not used, not above the capacity [R22]', async () => {
    const { ask } = limited([tokens])
    await ask(reserving(100, (call) => limitsOf(call).settle('tokens', 20)))
    expect(await remaining(ask)).toBe(80)
  })

  it('pays for more, and the next call waits until the debt is paid [R23]', async () => {
    const { ask, clock } = limited([tokens])
    await ask(reserving(100, (call) => limitsOf(call).settle('tokens', 300)))
    expect((await ask({ headers: { 'x-cost': '1' } })).status).toBe(429)
    // A debt is at most one more burst, however much was used.
    clock.advance(100_999)
    expect((await ask({ headers: { 'x-cost': '1' } })).status).toBe(429)
    clock.advance(1)
    expect((await ask({ headers: { 'x-cost': '1' } })).status).toBe(200)
  })

  it('is settled once [R24]', async () => {
    const { ask } = limited([tokens])
    await ask(
      reserving(100, async (call) => {
        await Promise.all([limitsOf(call).settle('tokens', 50), limitsOf(call).settle('tokens', 10)])
        await limitsOf(call).settle('tokens', 0)
      }),
    )
    expect(await remaining(ask)).toBe(50)
  })

  it('keeps its estimate when the store is away, and its answer', async () => {
    const { limits } = memory()
    const store: LimitStore = { ...limits, settle: () => Promise.reject(new Error('gone')) }
    const { ask } = limited([tokens], { store })
    expect((await ask(reserving(40, (call) => limitsOf(call).settle('tokens', 20)))).status).toBe(200)
    expect(await remaining(ask)).toBe(60)
  })

  it('may ask where there is no limit, or name another one', async () => {
    const { ask } = limited([tokens])
    await ask(reserving(40, (call) => limitsOf(call).settle('requests', 20)))
    expect(await remaining(ask)).toBe(60)
    const { ask: free } = limited([])
    expect((await free(reserving(1, (call) => limitsOf(call).settle('tokens', 5)))).status).toBe(200)
  })

  it.each([-1, 0.5, Number.NaN])('cannot have used %s', async (cost) => {
    const { ask } = limited([tokens])
    await expect(ask(reserving(1, (call) => limitsOf(call).settle('tokens', cost)))).rejects.toThrow('a whole number from 0')
  })
})

describe('answers that do not count', () => {
  const failures: LimitDeclaration = { name: 'failures', limit: 3, windowSeconds: 3_600, burst: 3, countWhen: (status) => status === 401 }

  it('give their tokens back', async () => {
    const { admitted, statuses } = limited([failures])
    expect(await admitted(50)).toBe(50)
    expect(await statuses(5, { handler: () => createReply(401) })).toEqual([401, 401, 401, 429, 429])
  })

  it('are those of handlers that throw as well, as 500', async () => {
    const { ask, admitted } = limited([failures])
    const failing = () => Promise.reject(new Error('handler'))
    for (let call = 0; call < 10; call++) await expect(ask({ handler: failing })).rejects.toThrow('handler')
    expect(await admitted(1)).toBe(1)
  })
})

describe('calls under way', () => {
  const one: LimitDeclaration = { name: 'at-once', kind: 'concurrency', limit: 2 }

  it('are at most so many, refused with the unit that is counted', async () => {
    const { ask } = limited([one])
    const ends: (() => void)[] = []
    const handler = () => new Promise<ReturnType<typeof createReply>>((resolve) => ends.push(() => resolve(createReply(200))))
    const running = [ask({ handler }), ask({ handler })]
    const refused = await ask({ handler })
    expect([refused.status, refused.headers.get('ratelimit-policy'), refused.headers.get('ratelimit')]).toEqual([
      429,
      '"at-once";q=2;qu="concurrent-requests"',
      '"at-once";r=0',
    ])
    expect(refused.headers.get('retry-after')).toMatch(/^[12]$/)
    expect((await ask({ account: 'bob' })).status).toBe(200)
    for (const end of ends) end()
    await Promise.all(running)
    expect((await ask()).headers.get('ratelimit')).toBe('"at-once";r=1')
  })

  it('are released once each, whatever way 10,000 of them end [R25]', async () => {
    const { ask } = limited([
      { ...one, limit: 50 },
      { name: 'often', limit: 5, windowSeconds: 1, burst: 5_000 },
    ])
    const random = seededRandom(25)
    const handlers = [
      () => createReply(200),
      async () => createReply(500),
      () => {
        throw new Error('at once')
      },
      () => Promise.reject(new Error('later')),
      () => new Promise<never>((_, reject) => setImmediate(() => reject(new Error('aborted')))),
      () => new Promise<ReturnType<typeof createReply>>((resolve) => setImmediate(() => resolve(createReply(200)))),
    ]
    for (let round = 0; round < 250; round++)
      await Promise.allSettled(
        Array.from({ length: 40 }, () => ask({ handler: handlers[Math.floor(random() * handlers.length)] as () => never })),
      )
    expect((await ask({ account: '' })).status).toBe(200)
    const { headers } = await ask()
    expect(headers.get('ratelimit')).toContain('"at-once";r=49')
  })

  it('hold no place when another limit refuses the call, or costs it too much', async () => {
    const { ask, statuses } = limited([one, { ...tokens, burst: 5, limit: 5 }])
    expect(await statuses(5, { headers: { 'x-cost': '5' } })).toEqual([200, 429, 429, 429, 429])
    expect((await ask({ headers: { 'x-cost': '6' } })).status).toBe(400)
    expect((await ask()).headers.get('ratelimit')).toContain('"at-once";r=1')
  })

  it('are counted by plan', async () => {
    const { ask } = limited([{ ...one, plans: { pro: { limit: 9 } } }], { plan: () => 'pro' })
    expect((await ask()).headers.get('ratelimit')).toBe('"at-once";r=8')
  })
})
