import { expect, it } from 'vitest'
import { memory } from '../../src/stores/memory/index.ts'
import { fakeClock } from '../../src/testing/index.ts'
import { describeAdapters } from '../adapters/matrix.ts'
import { declaration, v1, v2, v3 } from './fixture.ts'
import { startService } from './service.ts'

const [first, second, third] = declaration.versions
const order = { amount: 1050, currency: 'eur', from: 'wal_1', to: 'wal_2' }

describeAdapters('resolution', (start) => {
  it('refuses a version that never existed, and lists those that do [T6]', async () => {
    const service = await startService(start)
    expect(await service.call('GET', '/plain', { version: '2024-01-01' })).toMatchObject({
      status: 400,
      json: { code: 'api-version-unknown', supported: [v1, v2, v3] },
    })
    const near = await startService(start, { versions: { nearestEarlier: true } })
    expect((await near.call('GET', '/plain', { version: '2025-10-10' })).headers['api-version']).toBe(v2)
    expect((await near.call('GET', '/plain', { version: '2024-01-01' })).status).toBe(400)
  })

  it('answers a retired version with 410 and its successor, or as the successor where that is wished [T7]', async () => {
    const versions = [{ ...first, id: v1, state: 'retired' as const }, second as { id: string }, third as { id: string }]
    const service = await startService(start, { versions: { versions } })
    const gone = await service.call('GET', '/plain', { version: v1 })
    expect([gone.status, gone.headers['link']]).toEqual([
      410,
      expect.stringContaining(`</openapi.json?version=${v2}>; rel="successor-version"`),
    ])
    const forward = await startService(start, { versions: { versions, fallForward: true } })
    expect(await forward.call('GET', '/transfers/t', { version: v1 })).toMatchObject({
      status: 200,
      headers: { 'api-version': v2 },
      json: { from: 'wal_1' },
    })
  })

  it('pins an account once, whoever asks at the same time, also across a deploy [T8]', async () => {
    const clock = fakeClock(Date.UTC(2026, 10, 24))
    const store = memory({ clock })
    const before = await startService(start, {
      store,
      clock,
      versions: { versions: [first as { id: string }, second as { id: string }, { id: v3, state: 'preview' }] },
    })
    const after = await startService(start, { store, clock })
    const answers = await Promise.all([
      before.call('GET', '/transfers/t'),
      after.call('GET', '/transfers/t'),
      after.call('GET', '/transfers/t'),
      before.call('GET', '/transfers/t'),
    ])
    expect(new Set(answers.map(({ headers }) => headers['api-version'])).size).toBe(1)
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1)
    expect((await store.versions.findPin('ada'))?.version).toBe(answers[0]?.headers['api-version'])
  })

  it('follows the header of a call, and leaves the pin of its account alone [T9]', async () => {
    const service = await startService(start)
    await service.store.versions.insertPin('ada', v1)
    expect((await service.call('GET', '/plain')).headers['api-version']).toBe(v1)
    expect(await service.call('GET', '/transfers/t', { version: v3 })).toMatchObject({
      headers: { 'api-version': v3 },
      json: { status: 'posted' },
    })
    expect((await service.store.versions.findPin('ada'))?.version).toBe(v1)
    await service.call('GET', '/plain', { version: v3, account: 'bob' })
    expect(await service.store.versions.findPin('bob')).toBeUndefined()
  })

  it('refuses a key that was first used under another version it names, and replays one whose pin has moved [T25]', async () => {
    const service = await startService(start)
    await service.store.versions.insertPin('ada', v1)
    await service.call('POST', '/payments', { version: v1, key: 'named', body: order })
    expect((await service.call('POST', '/payments', { version: v2, key: 'named', body: order })).status).toBe(404)
    const transfers = { amount: { value: '1.00', currency: 'EUR' }, from: 'a', to: 'b' }
    await service.call('POST', '/transfers', { version: v2, key: 'other', body: transfers })
    expect(await service.call('POST', '/transfers', { version: v3, key: 'other', body: transfers })).toMatchObject({
      status: 422,
      json: { code: 'key-reused' },
    })

    await service.store.versions.replacePin('ada', v1, { version: v2, from: v1 })
    service.clock.advance(6_000)
    const made = await service.call('POST', '/transfers', { key: 'pinned', body: transfers })
    expect(made).toMatchObject({
      status: 201,
      headers: { 'api-version': v2, 'idempotent-replayed': 'false' },
      json: { from: 'a', status: 'done' },
    })
    await service.store.versions.replacePin('ada', v2, { version: v3, from: v2 })
    service.clock.advance(6_000)
    expect((await service.call('GET', '/plain')).headers['api-version']).toBe(v3)
    const again = await service.call('POST', '/transfers', { key: 'pinned', body: transfers })
    expect([again.status, again.headers['api-version'], again.headers['idempotent-replayed'], again.text]).toEqual([
      201,
      v2,
      'true',
      made.text,
    ])
  })

  it('switches a deprecated version off for a while, but not for who is spared [T32]', async () => {
    const versions = [
      { ...first, id: v1, brownouts: [{ from: '2026-11-24T10:00:00Z', until: '2026-11-24T10:10:00Z' }], exempt: ['bob'] },
      second as { id: string },
      third as { id: string },
    ]
    const service = await startService(start, { versions: { versions } })
    const ask = (account: string) => service.call('GET', '/plain', { version: v1, account })
    expect((await ask('ada')).status).toBe(200)
    service.clock.advance(10 * 3_600_000)
    const refused = await ask('ada')
    expect([refused.status, refused.headers['retry-after'], refused.headers['link']]).toEqual([
      503,
      '600',
      expect.stringContaining('rel="successor-version"'),
    ])
    expect(refused.json).toMatchObject({ error: { code: 'api-version-brownout' } })
    expect([(await ask('bob')).status, (await service.call('GET', '/plain', { version: v2 })).status]).toEqual([200, 200])
    service.clock.advance(600_000)
    expect((await ask('ada')).status).toBe(200)
  })

  it('refuses a call that names two versions [T34]', async () => {
    const service = await startService(start, { versions: { places: ['header', 'path', 'accept', 'query'] } })
    expect(await service.call('GET', `/${v1}/plain`, { version: v3 })).toMatchObject({
      status: 400,
      json: { code: 'api-version-conflict' },
    })
    expect((await service.call('GET', `/${v1}/plain`, { version: v1 })).headers['api-version']).toBe(v1)
    expect((await service.call('GET', '/plain', { headers: { accept: `application/json; version=${v2}` } })).headers['api-version']).toBe(
      v2,
    )
    expect((await service.call('GET', `/plain?api-version=${v2}`, { version: v3 })).status).toBe(400)
    expect((await service.call('GET', `/plain?api-version=${v2}`)).headers['api-version']).toBe(v2)
    expect((await service.call('GET', '/plain', { headers: { 'api-version': `${v1}, ${v2}` } })).status).toBe(400)
  })

  it('names the version in the links of a call that names it in the path', async () => {
    const service = await startService(start, { versions: { places: ['path'] } })
    const made = await service.call('POST', `/${v1}/payments`, { key: 'k', body: order })
    expect([made.status, made.headers.location, service.seen[0]?.url]).toEqual([201, `/${v1}/payments/trf_1`, '/transfers'])
  })

  it('refuses a call whose pin cannot be read, at once, and goes by what it has read while the store is away', async () => {
    const clock = fakeClock(Date.UTC(2026, 10, 24))
    const store = memory({ clock })
    let isAway = false
    const versions = {
      ...store.versions,
      findPin: (account: string) => (isAway ? Promise.reject(Object.assign(new Error('gone'), {})) : store.versions.findPin(account)),
    }
    const { storeUnavailable } = await import('../../src/core/index.ts')
    const failing = {
      ...versions,
      findPin: (account: string) => (isAway ? Promise.reject(storeUnavailable('away')) : store.versions.findPin(account)),
    }
    const service = await startService(start, { clock, store: { ...store, versions: failing } })
    await service.call('GET', '/plain')
    isAway = true
    clock.advance(60_000)
    expect((await service.call('GET', '/plain')).status).toBe(200)
    expect(await service.call('GET', '/plain', { account: 'bob' })).toMatchObject({ status: 503, headers: { 'retry-after': '1' } })
    expect((await service.call('GET', '/plain', { account: 'bob', version: v3 })).status).toBe(200)
  })
})
