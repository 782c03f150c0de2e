import { describe, expect, it } from 'vitest'
import { memory } from '../../src/stores/memory/index.ts'
import { fakeClock } from '../../src/testing/index.ts'
import { decideRetirement, reportUsage } from '../../src/versioning/index.ts'
import type { UsageRow } from '../../src/versioning/index.ts'
import { describeAdapters } from '../adapters/matrix.ts'
import { declareVersions, v1, v2, v3 } from './fixture.ts'
import { startService } from './service.ts'

const hour = 3_600_000
const day = 24 * hour

describeAdapters('the life of versions', (start) => {
  it('upgrades a pin, takes the upgrade back in 72 hours, and not after [T10]', async () => {
    const service = await startService(start)
    const { versions } = service.api
    await service.store.versions.insertPin('ada', v1)
    const named = async (): Promise<unknown> => (await service.call('GET', '/plain')).headers['api-version']
    expect(await named()).toBe(v1)
    expect((await versions?.setPin('ada', v3))?.status).toBe(200)
    service.clock.advance(5_000)
    expect(await named()).toBe(v3)
    service.clock.advance(71 * hour)
    expect((await versions?.setPin('ada', v1))?.status).toBe(200)
    service.clock.advance(5_000)
    expect(await named()).toBe(v1)
    await versions?.setPin('ada', v3)
    service.clock.advance(72 * hour + 1)
    expect((await versions?.setPin('ada', v1))?.status).toBe(409)
    service.clock.advance(5_000)
    expect(await named()).toBe(v3)
  })

  it('tells that an account may upgrade when no change ever altered its calls [T30]', async () => {
    const service = await startService(start)
    for (let calls = 0; calls < 3; calls++) await service.call('GET', '/plain', { version: v1 })
    await service.call('GET', '/payments', { version: v1, account: 'bob' })
    await service.call('GET', '/transfers/t', { version: v2, account: 'bob' })
    const usage = (await service.api.versions?.usage()) ?? []
    expect(usage.find(({ account }) => account === 'ada')).toMatchObject({
      version: v1,
      calls: 3,
      fired: {},
      safeUpgrade: v3,
      routes: ['GET /plain'],
    })
    const bob = usage.filter(({ account }) => account === 'bob')
    expect(bob.find(({ version }) => version === v1)).toMatchObject({
      safeUpgrade: undefined,
      fired: { 'payments-to-transfers': 1, 'amount-object': 1, 'list-envelope': 1 },
    })
    expect(bob.find(({ version }) => version === v2)).toMatchObject({ safeUpgrade: undefined, fired: { 'status-names': 1, refs: 1 } })
  })

  it('does not retire a version that someone called lately, and says who, when, where and what [T31]', async () => {
    const service = await startService(start)
    await service.call('GET', '/payments/t', { version: v1 })
    service.clock.advance(3 * day)
    const after = service.clock.now() + 60 * day
    const verdict = await service.api.versions?.retire({ version: v1, after })
    expect(verdict).toMatchObject({
      kind: 'in-use',
      callers: [
        { account: 'ada', calls: 1, lastAt: service.clock.now() - 3 * day, routes: ['GET /transfers/:id'], fired: { 'amount-object': 1 } },
      ],
    })
    expect(await service.api.versions?.retire({ version: v1, after, exempt: ['ada'] })).toMatchObject({ kind: 'retire' })
    service.clock.advance(5_000)
    const warned = await service.call('GET', '/plain', { version: v1 })
    expect(warned.headers['sunset']).toBe(new Date(after).toUTCString())
    service.clock.advance(59 * day + 60_000)
    expect((await service.call('GET', '/plain', { version: v1, account: 'bob' })).status).toBe(503)
    expect((await service.call('GET', '/plain', { version: v1 })).status).toBe(200)
    service.clock.advance(day)
    expect((await service.call('GET', '/plain', { version: v1 })).status).toBe(410)
    await service.api.versions?.keep(v1)
    service.clock.advance(5_000)
    await service.call('GET', '/plain', { version: v3 })
    expect((await service.call('GET', '/plain', { version: v1 })).status).toBe(200)
  })
})

describe('a retirement', () => {
  const versions = declareVersions()
  const row: UsageRow = { account: 'ada', version: v1, source: 'pin', route: 'GET /x', hour: 0, calls: 1, lastAt: 0, fired: {} }

  it.each([
    ['is refused while someone calls', { rows: [row], now: 29 * day }, 'in-use'],
    ['is not refused for a call long ago', { rows: [row], now: 31 * day }, 'retire'],
    ['is not refused for another version', { rows: [{ ...row, version: v2 }], now: 0 }, 'retire'],
    ['is not refused when forced', { rows: [row], now: 0, force: true }, 'retire'],
    ['needs a version that is declared', { rows: [], now: 0, version: '2020-01-01' }, 'unknown'],
  ])('%s', (_what, change, kind) => {
    expect(decideRetirement(versions, { version: v1, after: 100 * day, ...change }).kind).toBe(kind)
  })

  it('is announced by brownouts, as many as still fit', () => {
    const verdict = decideRetirement(versions, { version: v1, after: 10 * day, now: 0, rows: [] })
    expect(verdict).toMatchObject({
      retirement: { deprecatedAt: 0, retireAt: 10 * day, brownouts: [{ from: 3 * day }, { from: 7 * day }, { from: 9 * day }] },
    })
  })

  it('is not of the only version', () => {
    const one = declareVersions({ versions: [{ id: v3 }], changes: [] })
    expect(decideRetirement(one, { version: v3, after: 1, now: 0, rows: [] }).kind).toBe('only-one')
  })

  it('is not of the last version that was not retired before', () => {
    const two = declareVersions({ versions: [{ id: v1 }, { id: v3 }], changes: [] })
    const retirements = [{ version: v1, deprecatedAt: 0, retireAt: 1, brownouts: [], exempt: [] }]
    expect(decideRetirement(two, { version: v3, after: 1, now: 0, rows: [] }).kind).toBe('retire')
    expect(decideRetirement(two, { version: v3, after: 1, now: 0, rows: [], retirements }).kind).toBe('only-one')
  })
})

describe('usage', () => {
  it('survives an outage of its store, and is bounded', async () => {
    const clock = fakeClock()
    const store = memory({ clock })
    let isAway = true
    const { createUsage } = await import('../../src/versioning/usage.ts')
    const usage = createUsage(
      { ...store.versions, addUsage: (rows) => (isAway ? Promise.reject(new Error('away')) : store.versions.addUsage(rows)) },
      clock,
    )
    const count = (account: string): void => usage.count({ account, version: v1, source: 'pin', route: 'GET /x', fired: ['a'] })
    for (let index = 0; index < 10_050; index++) count(`account ${index % 10_020}`)
    await usage.flush()
    count('account 1')
    isAway = false
    await usage.flush()
    const rows = await store.versions.readUsage({})
    expect(rows).toHaveLength(10_000)
    expect(rows.find(({ account }) => account === 'account 1')).toMatchObject({ calls: 3, fired: { a: 3 } })
    expect(reportUsage(declareVersions(), rows)).toHaveLength(10_000)
    expect(clock.pending).toBe(0)
  })
})
