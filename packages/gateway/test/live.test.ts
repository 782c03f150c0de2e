import { createCall, createReply, defineApi, toFields } from 'holdfast'
import type { LimitDeclaration } from 'holdfast'
import { memory } from 'holdfast/memory'
import { fakeClock } from 'holdfast/testing'
import { beforeAll, describe, expect, it } from 'vitest'
import { analyze } from '../src/analyze/analyze.ts'
import type { Traffic } from '../src/analyze/input/ingest.ts'
import { parseOptions } from '../src/analyze/options.ts'
import { compilePolicy } from '../src/analyze/replay/policy.ts'
import type { PolicyDeclaration } from '../src/analyze/replay/policy.ts'
import { parsePolicy } from '../src/analyze/replay/policy-file.ts'
import { replay } from '../src/analyze/replay/replay.ts'
import { clfLine, ingestLines, nasaLines, pasted, silent } from './support/run.ts'

/** What a server of this policy answers to the requests of a log, each at its own time. */
async function serve(traffic: Traffic, { limits = [], routes = {} }: PolicyDeclaration): Promise<readonly boolean[]> {
  const clock = fakeClock(0)
  const { list, plans } = traffic.accounts
  const planOf = new Map(list.map(({ name, plan }) => [name, plans[plan] as string]))
  const api = defineApi({
    store: memory({ clock, maxLimitKeys: 1_000_000 }),
    account: (head) => head.headers.get('x-account') ?? undefined,
    plan: (account) => planOf.get(account),
    limits: limits as readonly LimitDeclaration[],
    routes: routes as Readonly<Record<string, { readonly limits: readonly LimitDeclaration[] | false }>>,
    clock,
  })
  const answers: boolean[] = []
  for (const { at, account, route, length } of traffic.spool.sorted()) {
    for (let index = 0; index < length; index++) {
      clock.advance((at[index] as number) - clock.now())
      const [method = '', url = ''] = (traffic.routes.names[route[index] as number] ?? '').split(' ')
      const headers = toFields({ 'x-account': list[account[index] as number]?.name ?? '' })
      const { status } = await api.policy(createCall({ method, url, headers }), () => createReply(200))
      answers.push(status !== 429)
    }
  }
  await api.drain()
  return answers
}

function replayed(traffic: Traffic, policy: PolicyDeclaration): readonly boolean[] {
  const decisions: boolean[] = []
  replay(compilePolicy(policy), traffic, { onDecision: (admitted) => decisions.push(admitted) })
  return decisions
}

function differences(left: readonly boolean[], right: readonly boolean[]): number {
  return left.filter((admitted, index) => admitted !== right[index]).length + Math.abs(left.length - right.length)
}

describe('a replay and a live server that is sent the same log', () => {
  let nasa: Traffic
  beforeAll(async () => {
    const noon = Date.parse('1995-08-01T12:00:00-0400')
    const flood = Array.from({ length: 5000 }, (_, index) => clfLine('flood.example', noon + index * 20, { path: '/shuttle/missions' }))
    nasa = await ingestLines([[...nasaLines(), ...flood]], { plan: String.raw`\.(com|edu)$` })
  })

  const policies: Readonly<Record<string, PolicyDeclaration>> = {
    'two buckets, tight enough to refuse thousands': {
      limits: [
        { name: 'sustained', limit: 5, windowSeconds: 60, burst: 6 },
        { name: 'peak', limit: 1, windowSeconds: 1, burst: 3 },
      ],
    },
    'a window, a calendar and a strict bucket': {
      limits: [
        { name: 'w', kind: 'window', limit: 12, windowSeconds: 60 },
        { name: 'c', kind: 'calendar', limit: 60, period: 'hour', zone: 'America/New_York' },
        { name: 's', limit: 30, windowSeconds: 300, burst: 15, strict: true },
      ],
    },
    'plans, a limit of all together, a shadow, and routes of their own': {
      limits: [
        { name: 'plans', limit: 5, windowSeconds: 60, burst: 8, plans: { com: { limit: 10, burst: 12 }, edu: { windowSeconds: 30 } } },
        { name: 'all', limit: 3, windowSeconds: 1, burst: 9, partition: [] },
        { name: 'shadow', limit: 1, windowSeconds: 60, burst: 1, shadow: true },
      ],
      routes: {
        'GET /shuttle/:what': { limits: [{ name: 'shuttle', limit: 1, windowSeconds: 10, burst: 2, partition: ['account', 'route'] }] },
        'GET /images/NASA-logosmall.gif': { limits: false },
      },
    },
  }

  it.each(Object.keys(policies))('decide the same about every request: %s [R60]', async (name) => {
    const policy = policies[name] as PolicyDeclaration
    const live = await serve(nasa, policy)
    const decisions = replayed(nasa, policy)
    expect(live.length).toBe(nasa.spool.length)
    // A policy that refuses nothing, or everything, would show nothing.
    expect(live.filter((admitted) => !admitted).length).toBeGreaterThan(1000)
    expect(live.filter((admitted) => admitted).length).toBeGreaterThan(1000)
    expect(differences(live, decisions)).toBe(0)
  })

  it('decide the same about what is recommended, pasted from the policy block [R60]', async () => {
    const { analysis } = analyze(nasa, parseOptions({}), undefined, silent)
    const { limits } = pasted(analysis.policyBlock)
    const live = await serve(nasa, { limits })
    expect(live.filter((admitted) => !admitted).length).toBe(analysis.replay.rejected)
    expect(differences(live, replayed(nasa, { limits }))).toBe(0)
    // The same as a policy file.
    expect(replay(parsePolicy(JSON.stringify(limits), 'f'), nasa).rejected).toBe(analysis.replay.rejected)
  })
})
