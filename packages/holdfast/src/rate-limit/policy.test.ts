import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { describe, expect, it } from 'vitest'
import { limited, problemOf } from '../../test/support/limited.ts'
import { createReply, isHoldfastError } from '../core/index.ts'
import type { PolicyEvent } from '../core/index.ts'
import { memory } from '../stores/memory/index.ts'
import { fakeClock } from '../testing/index.ts'
import { rateLimit } from './policy.ts'
import type { LimitDeclaration } from './options.ts'
import type { LimitStore } from './store.ts'

const perSecond: LimitDeclaration = { name: 'per-second', limit: 1, windowSeconds: 1, burst: 1 }
const perDay: LimitDeclaration = { name: 'per-day', limit: 100, windowSeconds: 86_400, burst: 100 }
const slow = (name: string, limit: number, more: Partial<LimitDeclaration> = {}): LimitDeclaration => ({
  name,
  limit,
  windowSeconds: 86_400,
  burst: limit,
  ...more,
})

/** What is published while something runs. */
async function eventsOf(run: () => Promise<unknown>): Promise<PolicyEvent[]> {
  const seen: PolicyEvent[] = []
  const listener = (event: unknown): void => void seen.push(event as PolicyEvent)
  subscribe('holdfast:policy', listener)
  await run()
  unsubscribe('holdfast:policy', listener)
  return seen
}

describe('several limits', () => {
  it('take of each of them or of none: 120 at once use one of the day [R16]', async () => {
    const { statuses, ask } = limited([perSecond, perDay])
    expect((await statuses(120)).filter((status) => status === 200)).toHaveLength(1)
    expect((await ask()).headers.get('ratelimit')).toContain('"per-day";r=99;')
  })

  it('name all that are used up', async () => {
    const { ask } = limited([slow('a', 1), slow('b', 1), slow('c', 2)])
    await ask()
    const refused = await ask()
    expect([refused.status, problemOf(refused)['violated-policies']]).toEqual([429, ['a', 'b']])
  })

  it('are asked of the store in one operation [R18]', async () => {
    const { limits } = memory()
    let takes = 0
    const store: LimitStore = { ...limits, take: (items) => ((takes += 1), limits.take(items)) }
    const { ask } = limited([perSecond, perDay, slow('c', 5, { partition: 'ip' })], { store })
    await ask({ peer: '192.0.2.1' })
    expect(takes).toBe(1)
  })
})

describe('a shadow', () => {
  it('refuses nothing, and says that it would have [R19]', async () => {
    const { statuses, ask } = limited([slow('tried', 1, { shadow: true }), slow('enforced', 3)])
    const seen = await eventsOf(async () => expect(await statuses(4, { route: 'GET /' })).toEqual([200, 200, 200, 429]))
    expect(seen.filter(({ verdict }) => verdict === 'would-throttle')).toEqual([
      { policy: 'rate-limit', verdict: 'would-throttle', route: 'GET /', subject: 'tried' },
      { policy: 'rate-limit', verdict: 'would-throttle', route: 'GET /', subject: 'tried' },
      { policy: 'rate-limit', verdict: 'would-throttle', route: 'GET /', subject: 'tried' },
    ])
    const refused = await ask()
    expect([problemOf(refused)['violated-policies'], refused.headers.get('ratelimit-policy')]).toEqual([
      ['enforced'],
      '"enforced";q=3;w=86400;holdfast-burst=3',
    ])
  })
})

describe('a pool', () => {
  it('is one counter for two routes: 3 of 6 calls [R20]', async () => {
    const { admitted } = limited([
      slow('reports', 3, { pool: 'heavy', match: (_head, { route }) => route === 'GET /reports' }),
      slow('exports', 3, { pool: 'heavy', match: (_head, { route }) => route === 'GET /exports' }),
    ])
    expect((await admitted(2, { route: 'GET /reports' })) + (await admitted(4, { route: 'GET /exports' }))).toBe(3)
  })

  it('counts a call once that two of its limits apply to, by the larger cost', async () => {
    const { ask } = limited([slow('a', 10, { pool: 'p', cost: 1 }), slow('b', 10, { pool: 'p', cost: 3 })])
    expect((await ask()).headers.get('ratelimit')).toMatch(/^"b";r=7;/)
  })
})

describe('a cost', () => {
  it('that can never pass is 400, or 413 for bytes, without Retry-After, and nothing is charged [R14]', async () => {
    const { ask } = limited([slow('tokens', 20, { cost: (head) => Number(head.headers.get('x-cost') ?? 1) })])
    const refused = await ask({ headers: { 'x-cost': '21' } })
    expect([refused.status, refused.headers.get('retry-after'), problemOf(refused)]).toMatchObject([
      400,
      null,
      { code: 'cost-exceeds-policy', retryable: false, 'violated-policies': ['tokens'] },
    ])
    expect((await ask({ headers: { 'x-cost': '0' } })).headers.get('ratelimit')).toContain('r=20;')
    const bytes = limited([slow('upload', 1_000, { unit: 'content-bytes' })])
    expect((await bytes.ask({ method: 'POST', headers: { 'content-length': '1001' } })).status).toBe(413)
    expect((await bytes.ask({ method: 'POST', headers: { 'content-length': '999' } })).headers.get('ratelimit')).toContain('r=1;')
    expect((await bytes.ask({ method: 'POST', headers: { 'transfer-encoding': 'chunked' } })).status).toBe(429)
  })

  it.each([Number.NaN, -1, 0.5, Number.POSITIVE_INFINITY])('of %s is a bug of whoever wrote it', async (cost) => {
    const { ask } = limited([slow('tokens', 20, { cost: () => cost })])
    await expect(ask()).rejects.toThrow('limit "tokens": cost: expected a whole number from 0')
  })
})

describe('what is counted apart', () => {
  it('is the account, by default', async () => {
    const { admitted } = limited([slow('a', 2)])
    expect([await admitted(3), await admitted(3, { account: 'bob' })]).toEqual([2, 2])
  })

  it('does not count calls without an account where it is divided by accounts', async () => {
    const { admitted } = limited([slow('a', 2)])
    expect(await admitted(5, { account: '' })).toBe(5)
  })

  it.each<[string, LimitDeclaration['partition'], object, object, number]>([
    ['everybody', [], { account: 'ada' }, { account: 'bob' }, 2],
    ['addresses', 'ip', { peer: '192.0.2.1' }, { peer: '192.0.2.2' }, 4],
    ['one network of v6', 'ip', { peer: '2001:db8::1' }, { peer: '2001:db8::ffff:1' }, 2],
    ['routes', ['account', 'route'], { route: 'GET /a' }, { route: 'GET /b' }, 4],
    ['methods', ['account', 'method'], { method: 'GET' }, { method: 'POST' }, 4],
    ['methods nobody knows', ['account', 'method'], { method: 'BREW' }, { method: 'WHEN' }, 2],
    ['credentials', 'key', { headers: { authorization: 'Bearer a' } }, { headers: { authorization: 'Bearer b' } }, 4],
    [
      'anything else',
      ['account', { name: 'tenant', of: (head) => head.headers.get('x-tenant') ?? undefined }],
      { headers: { 'x-tenant': 'a' } },
      { headers: { 'x-tenant': 'b' } },
      4,
    ],
    ['addresses nobody knows', 'ip', {}, { peer: 'pipe' }, 2],
  ])('may be %s', async (_what, partition, one, other, expected) => {
    const { admitted } = limited([slow('a', 2, partition === undefined ? {} : { partition })])
    expect((await admitted(3, one)) + (await admitted(3, other))).toBe(expected)
  })

  it('never holds a credential, nor a long value as it came', async () => {
    const owners: string[] = []
    const { limits } = memory()
    const store: LimitStore = {
      ...limits,
      take: (items) => (owners.push(...items.map(({ owner, counter }) => owner + counter)), limits.take(items)),
    }
    const { ask } = limited(
      [slow('a', 2, { partition: ['key', { name: 'long', of: () => 'x'.repeat(10_000) }, { name: 'nul', of: () => 'a\0b' }] })],
      { store },
    )
    await ask({ headers: { authorization: 'Bearer hush' } })
    expect(owners).toHaveLength(1)
    expect(owners[0]).not.toContain('hush')
    expect(owners[0]?.length).toBeLessThan(200)
  })
})

describe('plans', () => {
  const limits = [slow('a', 2, { plans: { pro: { limit: 5, burst: 5 } } })]

  it('have numbers of their own, and an account that changes its plan keeps what it has used', async () => {
    const plans = new Map([['ada', 'free']])
    const { admitted, ask } = limited(limits, { plan: (account) => plans.get(account) })
    expect(await admitted(3)).toBe(2)
    plans.set('ada', 'pro')
    expect((await ask()).headers.get('ratelimit')).toContain('r=2;')
    plans.set('ada', 'free')
    expect(await admitted(1)).toBe(0)
  })

  it('may be looked up', async () => {
    const { admitted } = limited(limits, { plan: async (account) => (account === 'ada' ? 'pro' : undefined) })
    expect([await admitted(9), await admitted(9, { account: 'bob' })]).toEqual([5, 2])
  })
})

describe('hammering', () => {
  it('is told apart by a limit for refused calls, which the others do not pay for', async () => {
    const { statuses, ask, clock } = limited([perSecond, { name: 'hammering', limit: 3, windowSeconds: 60, burst: 3, match: 'rejected' }])
    expect(await statuses(4)).toEqual([200, 429, 429, 429])
    const refused = await ask()
    expect(problemOf(refused)).toMatchObject({
      type: 'https://iana.org/assignments/http-problem-types#abnormal-usage-detected',
      code: 'abnormal-usage',
      'violated-policies': ['hammering'],
    })
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThanOrEqual(20)
    clock.advance(1_000)
    expect((await ask()).status).toBe(200)
  })
})

describe('a store that fails', () => {
  const failing = (take: LimitStore['take']): LimitStore => ({ ...memory().limits, take })

  it('is a 503 that no handler ran for', async () => {
    const draws = [0, 0.999]
    const store = failing(() => Promise.reject(new Error('connection reset')))
    const { ask } = limited([perDay], { store, random: () => draws.shift() ?? 0 })
    // A part of the wait is chance: callers who were refused together do not come back together.
    for (const wait of ['1', '2']) {
      const refused = await ask({ handler: () => expect.fail('ran') })
      expect([refused.status, problemOf(refused)['code'], refused.headers.get('retry-after')]).toEqual([503, 'store-unavailable', wait])
      expect(JSON.stringify(problemOf(refused))).not.toContain('connection reset')
    }
  })

  it('that hangs is one as well, in time', async () => {
    const { ask, clock } = limited([perDay], { store: failing(() => new Promise(() => {})) })
    const asked = ask()
    await Promise.resolve()
    clock.advance(50)
    expect((await asked).status).toBe(503)
  })

  it('that answers later is as good as one that answers at once', async () => {
    const { limits } = memory()
    const { statuses } = limited([slow('a', 2)], { store: failing(async (items) => limits.take(items)) })
    expect(await statuses(3)).toEqual([200, 200, 429])
  })
})

describe('four servers of one store', () => {
  it('admit as many as one, however far their clocks are apart [R27]', async () => {
    const clock = fakeClock()
    const { limits } = memory({ clock })
    const servers = [0, 10_000, 20_000, 30_000].map((ahead) =>
      limited([{ name: 'a', limit: 10, windowSeconds: 10, burst: 10 }], { store: limits, clock: fakeClock(clock.now() + ahead) }),
    )
    let passed = 0
    for (let second = 0; second < 40; second++) {
      for (const server of servers) passed += await server.admitted(5)
      clock.advance(1_000)
    }
    expect(passed).toBe(10 + 39)
  })
})

describe('the handler', () => {
  it('is reached without waiting when the store answers at once', () => {
    const policy = rateLimit({ store: memory().limits, limits: [{ ...perDay, partition: [] }] })
    const { ask } = limited([perDay])
    let reached = false
    void ask({ handler: () => ((reached = true), createReply(200)) })
    expect([reached, typeof policy]).toEqual([true, 'function'])
  })

  it('has its exceptions passed on', async () => {
    const { ask } = limited([perDay])
    await expect(ask({ handler: () => Promise.reject(new Error('mine')) })).rejects.toThrow('mine')
    await expect(
      ask({
        handler: () => {
          throw new Error('mine too')
        },
      }),
    ).rejects.toThrow('mine too')
  })
})

describe('limits', () => {
  it.each<[string, readonly object[], string]>([
    ['no object', ['per-second' as unknown as object], 'limits: expected objects such as'],
    ['an unknown option', [{ ...perDay, window: 5 }], 'limit "per-day": unknown option "window"'],
    ['an unknown option of a plan', [{ ...perDay, plans: { pro: { rate: 5 } } }], 'plan "pro": unknown option "rate"'],
    ['one name for two', [perDay, { ...perDay, limit: 5 }], 'two limits are called "per-day"'],
    [
      'a pool of two sizes',
      [
        { ...perDay, pool: 'p' },
        { ...perSecond, pool: 'p' },
      ],
      'pool "p": its limits need the same numbers',
    ],
    [
      'a dimension that does not exist',
      [{ ...perDay, partition: 'planet' }],
      'partition: expected some of account, plan, key, ip, route, method',
    ],
    ['a match that is none', [{ ...perDay, match: 'refused' }], 'match: expected a function, or "rejected"'],
    ['a cost of less than nothing', [{ ...perDay, cost: -1 }], 'cost: expected a whole number from 0'],
    ['a unit that no field can hold', [{ ...perDay, unit: 'größe' }], 'unit: expected 1 to 64 printable ASCII characters'],
    ['a burst of calls under way', [{ name: 'a', kind: 'concurrency', limit: 5, burst: 5 }], 'burst: a concurrency limit has none'],
    ['no call under way at all', [{ name: 'a', kind: 'concurrency', limit: 0 }], 'limit: expected a whole number from 1, got 0'],
    ['refused calls under way', [{ name: 'a', kind: 'concurrency', limit: 1, match: 'rejected' }], 'a refused call is never under way'],
    ['a plan of nothing', [{ ...perDay, plans: { pro: { limit: 0 } } }], 'limit: expected a whole number from 1, got 0'],
  ])('are refused with %s', (_what, limits, message) => {
    let refusal: unknown
    try {
      rateLimit({ store: memory().limits, limits: limits as LimitDeclaration[] })
    } catch (error) {
      refusal = error
    }
    expect([isHoldfastError(refusal), (refusal as Error).message]).toEqual([true, expect.stringContaining(message)])
  })
})
