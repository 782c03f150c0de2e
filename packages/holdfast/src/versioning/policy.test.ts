import { describe, expect, it } from 'vitest'
import { accountFact, createCall, createReply, routeFact, stack, toFields } from '../core/index.ts'
import type { Call, Reply } from '../core/index.ts'
import { memory } from '../stores/memory/index.ts'
import { fakeClock } from '../testing/index.ts'
import { defineChange } from './change.ts'
import { createPins } from './pins.ts'
import { versioning } from './policy.ts'
import type { VersionStore } from './store.ts'
import { routes } from './target.ts'
import { defineVersions } from './versions.ts'
import type { VersionsDeclaration } from './versions.ts'

const [v1, v2, v3] = ['2025-01-01', '2025-06-01', '2026-01-01']
const route = 'GET /pets'

const changes = [
  defineChange({ id: 'status', in: v3, summary: 'x', on: routes(route), status: { 409: 400 } }),
  defineChange({
    id: 'since',
    in: v3,
    summary: 'x',
    on: routes(route),
    query: { values: { since: { up: (day) => new Date(String(day)).toISOString(), down: (time) => String(time).slice(0, 10) } } },
  }),
]

interface Options {
  readonly declared?: Partial<VersionsDeclaration>
  readonly store?: VersionStore
  readonly account?: string
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
}

/** One call through the steps of versioning. */
async function answer(url: string, handler: (call: Call) => Reply, options: Options = {}): Promise<Reply> {
  const { declared = {}, store, account, method = 'GET', headers = { 'api-version': v1 } } = options
  const versions = defineVersions({ versions: [{ id: v1 }, { id: v2 }, { id: v3 }], changes, routes: { [route]: {} }, ...declared })
  const { reply, resolve, request } = versioning({ versions, store, clock: fakeClock(Date.parse('2026-02-01')) })
  const call = createCall({ method, url, headers: toFields(headers) })
  call.facts.set(routeFact, route)
  if (account !== undefined) call.facts.set(accountFact, account)
  return stack(reply, resolve, request)(call, handler)
}

const refusal = (headers: Record<string, string> = {}): Reply =>
  createReply(409, { 'content-type': 'application/problem+json', ...headers }, '{"detail":"taken"}')
const places = { places: ['header', 'path'] } as const

describe('an answer to an older version', () => {
  it('has the status of its version when it is a refusal too', async () => {
    expect((await answer('/pets', () => refusal())).status).toBe(400)
    expect((await answer('/pets', () => refusal(), { headers: { 'api-version': v3 } })).status).toBe(409)
  })

  it('does not tell the length of the newest shape to a HEAD that is refused', async () => {
    const { headers } = await answer('/pets', () => refusal({ 'content-length': '18' }), { method: 'HEAD' })
    expect(headers.get('content-length')).toBeNull()
  })

  it('has links with the version in their path only where the call had it there', async () => {
    const moved = (): Reply => createReply(201, { location: '/pets/1' })
    expect((await answer(`/pets?back=/${v1}/x`, moved, { declared: places })).headers.get('location')).toBe('/pets/1')
    expect((await answer(`/${v1}/pets`, moved, { declared: places, headers: {} })).headers.get('location')).toBe(`/${v1}/pets/1`)
  })

  it('has links with the version that the call names, when another one answers for it', async () => {
    const declared = { ...places, fallForward: true, versions: [{ id: v1, state: 'retired' as const }, { id: v2 }, { id: v3 }] }
    const { headers } = await answer(`/${v1}/pets`, () => createReply(201, { location: '/pets/1' }), { declared, headers: {} })
    expect(headers.get('location')).toBe(`/${v1}/pets/1`)
    expect(headers.get('api-version')).toBe(v2)
  })

  it('may not be served from a cache to others when it depends on who asks', async () => {
    const { versions: store } = memory()
    const ok = (): Reply => createReply(200)
    expect((await answer('/pets', ok, { store, headers: {} })).headers.get('vary')).toBe('API-Version, Authorization')
    expect((await answer('/pets', ok, { store, headers: {}, account: 'ada' })).headers.get('vary')).toBe('API-Version, Authorization')
    expect((await answer('/pets', ok, { store })).headers.get('vary')).toBe('API-Version')
    expect((await answer('/pets', ok, { headers: {} })).headers.get('vary')).toBe('API-Version')
  })
})

describe('a call of an older version', () => {
  it('is refused when a parameter does not have a value of its version', async () => {
    const refused = await answer('/pets?since=never', () => createReply(200))
    expect(refused.status).toBe(400)
    expect(JSON.parse(new TextDecoder().decode(refused.body as Uint8Array))).toMatchObject({ code: 'query-invalid', change: 'since' })
  })

  it('has a path when its version was all of it', async () => {
    let seen = ''
    await answer(`/${v1}?a=1`, ({ url }) => ((seen = url), createReply(200)), { declared: places, headers: {} })
    expect(seen).toBe('/?a=1')
  })
})

describe('a brownout', () => {
  const span = { from: '2026-01-31', until: '2026-02-02' }

  it('spares an account under the version that it is exempt of, and under no other', async () => {
    const versions = [{ id: v1, brownouts: [span], exempt: ['ada'] }, { id: v2, brownouts: [span] }, { id: v3 }]
    const status = async (version: string): Promise<number> =>
      (await answer('/pets', () => createReply(200), { declared: { versions }, account: 'ada', headers: { 'api-version': version } }))
        .status
    expect([await status(v1), await status(v2)]).toEqual([200, 503])
  })

  it('leads to the next version that is for everybody', async () => {
    const versions = [{ id: v1, brownouts: [span] }, { id: v2, state: 'preview' as const }, { id: v3 }]
    const { headers } = await answer('/pets', () => createReply(200), { declared: { versions } })
    expect(headers.get('link')).toContain(v3)
  })
})

it('asks a store of pins again that threw at once', async () => {
  const { versions: store } = memory()
  let asked = 0
  const failing: VersionStore = {
    ...store,
    findPin(account) {
      if (asked++ === 0) throw new Error('not open')
      return store.findPin(account)
    },
  }
  const pins = createPins(failing, fakeClock(), 1_000)
  const standings = [{ id: v1, state: 'current' as const, brownoutUntil: undefined }]
  await expect(Promise.resolve().then(() => pins.of('ada', standings))).rejects.toThrow('not open')
  expect(await pins.of('ada', standings)).toBe(v1)
})
