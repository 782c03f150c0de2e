import { describe, expect, it } from 'vitest'
import { parseList } from 'structured-headers'
import fc from 'fast-check'
import { limited, problemOf } from '../../test/support/limited.ts'
import { createReply } from '../core/index.ts'
import type { Reply } from '../core/index.ts'
import { seededRandom } from '../testing/index.ts'
import type { Dialect } from './dialects.ts'
import type { LimitDeclaration } from './options.ts'
import { rateLimit } from './policy.ts'
import { memory } from '../stores/memory/index.ts'

const perMin: LimitDeclaration = { name: 'per-min', limit: 60, windowSeconds: 60, burst: 20 }
const daily: LimitDeclaration = { name: 'daily', kind: 'calendar', limit: 10_000 }

/** The members of a list, by name. */
function membersOf(reply: Reply, field: string): Map<string, ReadonlyMap<string, unknown>> {
  const line = reply.headers.get(field)
  return new Map(
    line === null ? [] : parseList(line).map(([value, parameters]) => [value as string, parameters as ReadonlyMap<string, unknown>]),
  )
}

const limitOf = (reply: Reply, name: string, parameter = 'r'): number => membersOf(reply, 'ratelimit').get(name)?.get(parameter) as number

describe('the fields of draft-10', () => {
  it('are these, for the first call of a burst and for a refused one', async () => {
    const { ask, clock } = limited([perMin, daily])
    const first = await ask()
    expect(first.headers.get('ratelimit-policy')).toBe('"per-min";q=60;w=60;holdfast-burst=20, "daily";q=10000;w=86400')
    expect(first.headers.get('ratelimit')).toMatch(/^"per-min";r=19;t=19, "daily";r=9999;t=864[0-3]\d$/)
    clock.advance(86_400_000 - 35_000_000)
    for (let call = 0; call < 20; call++) await ask()
    const refused = await ask()
    expect(refused.headers.get('ratelimit')).toMatch(/^"per-min";r=0;t=1, "daily";r=9979;t=350[0-3]\d$/)
    expect(refused.headers.get('retry-after')).toMatch(/^[12]$/)
    expect(refused.headers.get('cache-control')).toBe('no-store')
    expect(refused.headers.get('content-type')).toBe('application/problem+json')
    expect(problemOf(refused)).toMatchObject({
      type: 'https://iana.org/assignments/http-problem-types#quota-exceeded',
      title: 'Request cannot be satisfied as assigned quota has been exceeded',
      status: 429,
      'violated-policies': ['per-min'],
      help: '/.well-known/holdfast/errors/quota-exceeded',
    })
  })

  const numbers = fc.record({
    limit: fc.integer({ min: 1, max: 5_000 }),
    windowSeconds: fc.constantFrom(0.1, 0.25, 0.777, 1, 1.5, 7, 60, 3_600, 86_400),
    burst: fc.integer({ min: 1, max: 300 }),
    kind: fc.constantFrom('bucket' as const, 'window' as const),
  })

  it('are valid structured fields, and never tell a rate above the sustained one, whatever happens [R49] [R50]', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(numbers, { minLength: 1, maxLength: 3 }),
        fc.array(fc.tuple(fc.constantFrom(0, 1, 20, 333, 5_000), fc.constantFrom(1, 1, 3, 50)), { minLength: 5, maxLength: 40 }),
        async (all, calls) => {
          let cost = 1
          const limits = all.map(({ burst, ...each }, index): LimitDeclaration => ({
            ...each,
            name: `limit ${index}`,
            cost: () => cost,
            ...(each.kind === 'bucket' && { burst }),
          }))
          const { ask, clock } = limited(limits, { partitionKeySecret: 'a secret of this test' })
          for (const [ms, asked] of calls) {
            clock.advance(ms)
            cost = asked
            const reply = await ask()
            const policies = membersOf(reply, 'ratelimit-policy')
            if (reply.status === 400) continue
            expect([...policies.keys()]).toEqual(limits.map(({ name }) => name))
            for (const [index, { limit, windowSeconds, name }] of limits.entries()) {
              const { q, w } = Object.fromEntries(policies.get(name) ?? []) as Record<string, number>
              const stated = membersOf(reply, 'ratelimit').get(name) ?? new Map<string, unknown>()
              const [r, t] = [stated.get('r') as number, stated.get('t') as number]
              for (const value of [q, w, r, t]) expect(Number.isSafeInteger(value) && (value as number) >= 0, `limit ${index}`).toBe(true)
              expect(w).toBeGreaterThan(0)
              expect((q as number) / (w as number)).toBeCloseTo(limit / (windowSeconds ?? 1), 9)
              expect(stated.get('pk')).toBeInstanceOf(ArrayBuffer)
              if (r > 0) expect(r / t).toBeLessThanOrEqual(limit / (windowSeconds ?? 1))
            }
            if (reply.status !== 429) continue
            const violated = problemOf(reply)['violated-policies'] as string[]
            for (const name of violated) expect(Number(reply.headers.get('retry-after'))).toBeGreaterThanOrEqual(limitOf(reply, name, 't'))
          }
        },
      ),
      { numRuns: 60 },
    )
  })

  it('name a counter without telling whose it is, when asked', async () => {
    const { ask } = limited([perMin], { partitionKeySecret: 'a secret of this test' })
    const [one, again, other] = [await ask(), await ask(), await ask({ account: 'bob' })].map((reply) =>
      /;pk=:([^:]+):/.exec(reply.headers.get('ratelimit') ?? ''),
    )
    expect([one?.[1] === again?.[1], one?.[1] === other?.[1], Buffer.from(one?.[1] ?? '', 'base64').byteLength]).toEqual([true, false, 8])
  })

  it('escape what a name may hold, and other names are refused when they are declared [R55]', async () => {
    const name = 'say "hi" \\ o/'
    const { ask } = limited([{ ...perMin, name }])
    const reply = await ask()
    expect(reply.headers.get('ratelimit')).toBe('"say \\"hi\\" \\\\ o/";r=19;t=19')
    expect([...membersOf(reply, 'ratelimit-policy').keys()]).toEqual([name])
    expect(() => limited([{ ...perMin, name: 'grün' }])).toThrow('printable ASCII')
  })

  it('tell of windows that are no whole seconds as a policy of several', async () => {
    const { ask } = limited([
      { name: 'a', limit: 3, windowSeconds: 0.1, burst: 1 },
      { name: 'b', limit: 3, windowSeconds: 1.5, burst: 1 },
    ])
    expect((await ask()).headers.get('ratelimit-policy')).toBe('"a";q=30;w=1;holdfast-burst=1, "b";q=6;w=3;holdfast-burst=1')
  })

  it('tell the unit where it is not requests', async () => {
    const { ask } = limited([{ ...perMin, unit: 'content-bytes' }])
    expect((await ask()).headers.get('ratelimit-policy')).toBe('"per-min";q=60;w=60;qu="content-bytes";holdfast-burst=20')
  })
})

describe('a 429', () => {
  it('has the type for quotas, names the limits exactly, and must not be stored [R52] [R53]', async () => {
    const { ask } = limited([perMin, { ...daily, limit: 1 }])
    await ask()
    const refused = await ask()
    expect([refused.status, refused.headers.get('cache-control'), problemOf(refused)['violated-policies']]).toEqual([
      429,
      'no-store',
      ['daily'],
    ])
  })

  it('spreads those who were refused together over at least a tenth of the wait, evenly [R51]', async () => {
    const { ask } = limited([{ name: 'a', limit: 1, windowSeconds: 300, burst: 1, partition: [] }], { random: seededRandom(7) })
    await ask()
    const waits: number[] = []
    for (let client = 0; client < 1_000; client++) waits.push(Number((await ask()).headers.get('retry-after')))
    expect([Math.min(...waits), Math.max(...waits)]).toEqual([300, 330])
    // Kolmogorov-Smirnov against the discrete uniform distribution, p = 0.01 for 1,000 samples.
    const distance = Math.max(
      ...Array.from({ length: 31 }, (_, step) => Math.abs(waits.filter((wait) => wait <= 300 + step).length / 1_000 - (step + 1) / 31)),
    )
    expect(distance).toBeLessThan(1.63 / Math.sqrt(1_000))
  })
})

describe('a redirection', () => {
  it.each([301, 302, 304, 308])('of status %i does not say that nothing is left [R53]', async (status) => {
    const { ask } = limited([{ ...perMin, burst: 2 }])
    const handler = () => createReply(status)
    const first = await ask({ handler })
    const last = await ask({ handler })
    expect([first.headers.has('ratelimit'), last.headers.has('ratelimit'), last.headers.has('ratelimit-policy')]).toEqual([
      true,
      false,
      true,
    ])
  })
})

describe('fields of another layer', () => {
  it('stay, beside ours [R54]', async () => {
    const { ask } = limited([perMin], { fields: ['draft-10', 'legacy'] })
    const theirs = {
      'ratelimit-policy': '"upstream";q=10;w=1',
      ratelimit: '"upstream";r=3;t=1',
      'x-ratelimit-remaining': '3',
      'x-ratelimit-limit': '10',
    }
    const reply = await ask({ handler: () => createReply(200, theirs) })
    expect([...membersOf(reply, 'ratelimit-policy').keys()]).toEqual(['upstream', 'per-min'])
    expect([limitOf(reply, 'upstream'), limitOf(reply, 'per-min')]).toEqual([3, 19])
    expect([reply.headers.get('x-ratelimit-remaining'), reply.headers.get('x-ratelimit-limit')]).toEqual(['3', '10'])
    const looser = await ask({ handler: () => createReply(200, { ...theirs, 'x-ratelimit-remaining': '500' }) })
    expect(looser.headers.get('x-ratelimit-remaining')).toBe('18')
  })
})

describe('other dialects', () => {
  it.each<[Dialect, Record<string, string | null>]>([
    [
      'draft-6',
      { 'ratelimit-limit': '60', 'ratelimit-remaining': '19', 'ratelimit-reset': '19', 'ratelimit-policy': '60;w=60', ratelimit: null },
    ],
    ['draft-7', { ratelimit: 'limit=60, remaining=19, reset=19', 'ratelimit-policy': '60;w=60', 'ratelimit-limit': null }],
    ['draft-8', { ratelimit: '"per-min";r=19;t=19', 'ratelimit-policy': '"per-min";q=60;w=60' }],
    [
      'legacy',
      { 'x-ratelimit-limit': '60', 'x-ratelimit-remaining': '19', 'x-ratelimit-reset': '19', ratelimit: null, 'ratelimit-policy': null },
    ],
    ['next', { ratelimit: '"per-min";a=19;w=19', 'ratelimit-policy': '"per-min";c=60;w=60' }],
  ])('tell the same: %s [R56]', async (dialect, expected) => {
    const { ask } = limited([perMin], { fields: [dialect] })
    const reply = await ask()
    expect(Object.fromEntries(Object.keys(expected).map((name) => [name, reply.headers.get(name)]))).toEqual(expected)
  })

  it('tell of the limit that is met first, where there is room for one', async () => {
    const { ask } = limited(
      [
        { ...perMin, burst: 5 },
        { ...daily, limit: 3 },
      ],
      { fields: ['legacy'] },
    )
    expect((await ask()).headers.get('x-ratelimit-remaining')).toBe('2')
  })

  it('are refused where two of them would use one field', () => {
    const make = (fields: unknown) => () => rateLimit({ store: memory().limits, limits: [perMin], fields: fields as Dialect[] })
    expect(make(['draft-7', 'draft-10'])).toThrow('draft-7 and draft-10 use the same fields; choose one of them')
    expect(make(['draft-5'])).toThrow('fields: expected one of draft-10, draft-8')
    expect(make([])).not.toThrow()
  })
})
