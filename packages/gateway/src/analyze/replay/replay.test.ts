import { describe, expect, it } from 'vitest'
import { clfLine, ingestLines } from '../../../test/support/run.ts'
import { compilePolicy } from './policy.ts'
import type { PolicyDeclaration, PolicyLimit } from './policy.ts'
import { parsePolicy } from './policy-file.ts'
import { replay } from './replay.ts'

const start = Date.parse('2026-11-24T08:00:00Z')
const line = (host: string, second: number, path = '/') => clfLine(host, start + second * 1000, { path })

async function decisionsOf(policy: readonly PolicyLimit[] | PolicyDeclaration, lines: readonly string[], retries = 0) {
  const traffic = await ingestLines([lines], {}, { keepAddresses: true })
  const decisions: boolean[] = []
  const result = replay(compilePolicy('length' in policy ? { limits: policy } : policy), traffic, {
    retries,
    onDecision: (admitted) => decisions.push(admitted),
  })
  return { decisions, result, traffic }
}

const two: PolicyLimit = { name: 'two', limit: 1, windowSeconds: 60, burst: 2 }

describe('a replay', () => {
  it('counts accounts apart', async () => {
    const { decisions, result } = await decisionsOf([two], [line('a', 0), line('a', 0), line('a', 0), line('b', 0), line('a', 60)])
    expect(decisions).toEqual([true, true, false, true, true])
    expect(result).toMatchObject({ admitted: 4, rejected: 1, limits: [{ name: 'two', rejected: 1, wouldThrottle: 0 }] })
    expect([...result.rejectedOf]).toEqual([1, 0])
    expect(result.longestWaitOf[0]).toBe(60_000)
  })

  it.each([
    ['everybody together', [], [true, true, false, false]],
    ['routes', ['route'], [true, true, true, true]],
    ['accounts and routes', ['account', 'route'], [true, true, true, true]],
    ['methods', ['method'], [true, true, false, false]],
    ['addresses', ['ip'], [true, true, false, true]],
    ['plans', ['plan'], [true, true, false, false]],
  ] as const)('counts by %s', async (_, partition, expected) => {
    const lines = [line('a', 0, '/x'), line('a', 0, '/x'), line('a', 0, '/y'), line('b', 0, '/y')]
    expect((await decisionsOf([{ ...two, partition }], lines)).decisions).toEqual(expected)
  })

  it('applies limits of a route to it alone, beside the general ones, and none where a route has none', async () => {
    const policy = {
      limits: [{ ...two, name: 'general', burst: 5 }],
      routes: { 'GET /users/:user': { limits: [two] }, 'GET /health': { limits: false } },
    } as const
    const lines = ['/users/17', '/users/18', '/users/ada', '/x', '/x', '/x', '/x', '/health'].map((path) => line('a', 0, path))
    expect((await decisionsOf(policy, lines)).decisions).toEqual([true, true, false, true, true, true, false, true])
  })

  it('prefers a route that is spelt out to one with parameters', async () => {
    const policy = { routes: { 'GET /users/:user': { limits: [two] }, 'GET /users/me': { limits: false } } } as const
    expect(
      (
        await decisionsOf(
          policy,
          [0, 0, 0].map((second) => line('a', second, '/users/me')),
        )
      ).decisions,
    ).toEqual([true, true, true])
  })

  it('has other numbers for a plan', async () => {
    const policy = { limits: [{ ...two, plans: { a: { burst: 3 } } }] }
    const traffic = await ingestLines([[line('a-1', 0), line('a-1', 0), line('a-1', 0), line('b-1', 0), line('b-1', 0), line('b-1', 0)]], {
      plan: '^(.)-',
    })
    expect([...replay(compilePolicy(policy), traffic).rejectedOf]).toEqual([0, 1])
  })

  it('shares one counter between limits of one pool, and counts a request in it once', async () => {
    const shared = { ...two, pool: 'p' }
    const policy = { limits: [{ ...shared, name: 'x' }], routes: { 'GET /y': { limits: [{ ...shared, name: 'y' }] } } }
    const lines = ['/x', '/y', '/x'].map((path) => line('a', 0, path))
    expect((await decisionsOf(policy, lines)).decisions).toEqual([true, true, false])
  })

  it('charges no limit when another one has no room', async () => {
    const limits = [two, { name: 'wide', limit: 3, windowSeconds: 86_400, burst: 3 }]
    const { decisions } = await decisionsOf(
      limits,
      [0, 0, 0, 0, 60].map((second) => line('a', second)),
    )
    expect(decisions).toEqual([true, true, false, false, true])
  })

  it('counts what a shadow limit would throttle, and throttles nothing', async () => {
    const { decisions, result } = await decisionsOf(
      [{ ...two, shadow: true }],
      [0, 0, 0].map((second) => line('a', second)),
    )
    expect(decisions).toEqual([true, true, true])
    expect(result).toMatchObject({ rejected: 0, limits: [{ rejected: 0, wouldThrottle: 1 }] })
  })

  it('lets throttled requests come back after what they were told to wait', async () => {
    const lines = [0, 0, 0, 0].map((second) => line('a', second))
    const { decisions, result } = await decisionsOf([two], lines, 1)
    // Both come back after 60 s, when one has room.
    expect(decisions).toEqual([true, true, false, false, true, false])
    expect(result.after.series.counts.reduce((sum, count) => sum + count, 0)).toBe(3)
  })

  it('knows windows and calendars as well', async () => {
    const lines = [0, 0, 0].map((second) => line('a', second))
    for (const limit of [
      { name: 'w', kind: 'window', limit: 2, windowSeconds: 60 },
      { name: 'c', kind: 'calendar', limit: 2, period: 'day' },
    ] as const)
      expect((await decisionsOf([limit], lines)).decisions).toEqual([true, true, false])
  })
})

describe('a policy file', () => {
  it('is a list of limits, alone or under "limits"', () => {
    expect(parsePolicy(JSON.stringify([two]), 'f').limits).toHaveLength(1)
    expect(parsePolicy(JSON.stringify({ limits: [two, { ...two, name: 'other' }] }), 'f').limits).toHaveLength(2)
  })

  it.each([
    ['{', /^f: expected JSON/],
    ['[]', /^f: expected at least one limit, such as/],
    ['7', /^f: expected \{ "limits": \[...\] \}: /],
    ['{"limit":[]}', /^f: .*limit/],
    ['{"routes":{"users":{"limits":false}}}', /^f: routes\.users: expected a route such as "GET \/users\/:id"/],
    ['{"routes":{"GET /users":{}}}', /^f: routes\.GET \/users\.limits: expected a list of limits, or false/],
    ['{"routes":{"GET /users":{"limits":"none"}}}', /^f: routes\.GET \/users\.limits: expected a list of limits, or false, got "none"/],
    ['{"routes":{"GET /users":{"limits":[{"name":"x","limit":0}]}}}', /^f: routes\.GET \/users\.limits\[0\]\.limit: .*>0, got 0$/],
    ['[{"name":"x","limit":"60","windowSeconds":60}]', /^f: limits\[0\]\.limit: .*expected number.*got "60"/],
    ['{"limits":[{"name":"x","limit":1,"windowSeconds":1},{"name":"y","limit":1,"windowseconds":1}]}', /^f: limits\[1\]: .*windowseconds/],
    [
      '[{"name":"x","limit":1,"windowSeconds":1,"partition":["account","colour"]}]',
      /^f: limits\[0\]\.partition\[1\]: .*"account"\|"plan".*got "colour"/,
    ],
    ['[{"name":"x","limit":1,"windowSeconds":1,"partition":"colour"}]', /^f: limits\[0\]\.partition\[0\]: .*got "colour"/],
    ['[{"name":"x","limit":1,"windowSeconds":0.0001}]', /^f: limit "x": .*windowSeconds: expected/],
    ['[{"name":"x","kind":"window","limit":1,"windowSeconds":1,"burst":2}]', /^f: limit "x": .*burst: a window limit has none/],
    [
      '[{"name":"x","limit":1,"windowSeconds":1},{"name":"x","limit":1,"windowSeconds":1}]',
      /^f: limits: expected a name once, got "x" twice/,
    ],
    [
      '[{"name":"x","limit":1,"windowSeconds":1,"pool":"p"},{"name":"y","limit":2,"windowSeconds":1,"pool":"p"}]',
      /^f: limit "y": pool: expected the same numbers/,
    ],
    ['[{"name":"x","kind":"concurrency","limit":1}]', /^f: limits\[0\]\.kind: .*got "concurrency"/],
    ['[{"name":"x","limit":1,"windowSeconds":1,"plans":{"free":{"limit":1.5}}}]', /^f: limits\[0\]\.plans\.free\.limit: .*got 1.5/],
  ])('%s is refused, naming the field', (text, message) => {
    expect(() => parsePolicy(text, 'f')).toThrow(message)
  })
})
