import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openApi } from 'holdfast/versioning'
import { checkVersions } from 'holdfast/versioning/check'
import { postgresUrl } from '../../../test/servers/index.ts'
import { versions } from '../src/versions/versions.ts'
import { adapters, startTestLedger, stores } from './support/ledger.ts'
import type { TestLedger } from './support/ledger.ts'
import { published } from './support/published.ts'

const [v1, v2, v3] = ['2025-01-15', '2025-09-01', '2026-06-01'] as const
/** Every adapter, and every store: what versions do depends on the one or the other. */
const matrix = [
  ...adapters.map((adapter) => ({ adapter, store: 'sqlite' as const })),
  ...stores.flatMap((store) => (store === 'sqlite' ? [] : [{ adapter: 'node' as const, store }])),
]

type Fields = Readonly<Record<string, unknown>>

describe.each(matrix)('versions of the ledger on $adapter with $store', ({ adapter, store }) => {
  const isMissing = store === 'postgres' && postgresUrl() === undefined
  describe.skipIf(isMissing)('three callers on the same rows', () => {
    let ledger: TestLedger
    beforeAll(async () => void (ledger = await startTestLedger(adapter, store)))
    afterAll(() => ledger?.stop())

    const under = (version: string, headers: Readonly<Record<string, string>> = {}) => ({ headers: { 'api-version': version, ...headers } })
    const body = (answer: { readonly json: unknown }): Fields => answer.json as Fields

    async function openTwo(): Promise<[Fields, Fields]> {
      const [ann, ben] = await Promise.all([
        ledger.post('/wallets', { owner: 'Ann', name: 'Rent', currency: 'eur', opening_balance: 10_000 }, under(v1)),
        ledger.post('/wallets', { owners: ['Ben', 'Cem'], display_name: 'Food', currency: 'EUR' }, under(v3)),
      ])
      expect([ann.status, ben.status]).toEqual([201, 201])
      return [body(ann), body(ben)]
    }

    it('moves money for the oldest and the newest caller at once, each in its own words', async () => {
      const [ann, ben] = await openTwo()
      expect(ann).toMatchObject({ owner: 'Ann', name: 'Rent', balance: 10_000, currency: 'eur' })
      const [old, fresh] = await Promise.all([
        ledger.post('/payments', { from: ann['id'], to: ben['id'], amount: 1_050, currency: 'eur', memo: 'rent' }, under(v1)),
        ledger.post(
          '/transfers',
          {
            source: { id: ann['id'] },
            destination: { id: ben['id'] },
            amount: { value: '2.00', currency: 'EUR' },
            metadata: { memo: 'tip', order: '7' },
          },
          under(v3),
        ),
      ])
      expect([old.status, body(old)]).toEqual([
        201,
        expect.objectContaining({ from: ann['id'], to: ben['id'], amount: 1_050, currency: 'eur', status: 'done', memo: 'rent' }),
      ])
      expect(old.headers.get('location')).toBe(`/payments/${String(body(old)['id'])}`)
      expect(fresh.json).toMatchObject({
        source: { id: ann['id'] },
        amount: { value: '2.00', currency: 'EUR' },
        status: 'posted',
        metadata: { memo: 'tip', order: '7' },
      })
      // The same rows, seen by the other.
      expect(body(await ledger.get(`/transfers/${String(body(old)['id'])}`, under(v3)))).toMatchObject({
        amount: { value: '10.50', currency: 'EUR' },
        metadata: { memo: 'rent' },
      })
      expect(body(await ledger.get(`/payments/${String(body(fresh)['id'])}`, under(v1)))).toMatchObject({
        amount: 200,
        memo: 'tip',
        status: 'done',
      })
      expect(body(await ledger.get(`/transfers/${String(body(fresh)['id'])}`, under(v2)))).toMatchObject({
        amount: { value: '2.00', currency: 'EUR' },
        from: ann['id'],
        memo: 'tip',
      })
      expect(body(await ledger.get(`/wallets/${String(ann['id'])}?expand=last_transfer`, under(v1)))).toMatchObject({
        balance: 8_750,
        last_transfer: { status: 'done' },
      })
      const digits = /"external_no":(\d+)/.exec((await ledger.get(`/wallets/${String(ann['id'])}`, under(v1))).text)?.[1]
      expect(digits).toBe(/"external_no":(\d+)/.exec((await ledger.get(`/wallets/${String(ann['id'])}`, under(v3))).text)?.[1])
    })

    it('keeps a cursor good when its caller moves to another version, and links in the words of each', async () => {
      const [ann, ben] = await openTwo()
      for (let count = 0; count < 3; count++)
        await ledger.post('/payments', { from: ann['id'], to: ben['id'], amount: 100 + count, currency: 'eur' }, under(v1))
      const first = await ledger.get(`/payments?wallet=${String(ann['id'])}&status=done&limit=1`, under(v1))
      const page = body(first) as { transfers: Fields[]; next: string }
      expect(page.transfers.map(({ amount }) => amount)).toEqual([102])
      expect(first.headers.get('link')).toContain('status=done')
      expect(first.headers.get('link')).not.toContain('posted')
      const second = await ledger.get(`/transfers?wallet=${String(ann['id'])}&status=posted&limit=1&cursor=${page.next}`, under(v3))
      const next = body(second) as { data: Fields[]; next_cursor: string }
      expect(next.data.map(({ amount }) => amount)).toEqual([{ value: '1.01', currency: 'EUR' }])
      const third = await ledger.get(`/payments?wallet=${String(ann['id'])}&status=done&limit=1&cursor=${next.next_cursor}`, under(v1))
      expect((body(third) as { transfers: Fields[] }).transfers.map(({ amount }) => amount)).toEqual([100])
      const sorted = await ledger.get('/wallets?sort=name&limit=2', under(v1))
      expect([sorted.status, Object.keys(body(sorted))[0]]).toEqual([200, 'wallets'])
      expect(sorted.headers.get('link') ?? '').not.toContain('display_name')
    })

    it('lets an old caller write back what it has read, and never wipes what it cannot see', async () => {
      const [, ben] = await openTwo()
      const path = `/wallets/${String(ben['id'])}`
      const read = await ledger.get(path, under(v1))
      const tag = read.headers.get('etag') ?? ''
      // A whole wallet as it was read, with another name.
      const edited = read.text.replace('"Food"', '"Groceries"')
      const written = await ledger.send('PUT', path, edited, under(v1, { 'if-match': tag }))
      expect([written.status, body(written)]).toEqual([200, expect.objectContaining({ owner: 'Ben', name: 'Groceries' })])
      expect(body(await ledger.get(path, under(v3)))).toMatchObject({ owners: ['Ben', 'Cem'], display_name: 'Groceries' })
      // A tag read under one version is good for a write under another.
      const patched = await ledger.send('PATCH', path, JSON.stringify([{ op: 'replace', path: '/name', value: 'Tea' }]), {
        headers: {
          'api-version': v1,
          'content-type': 'application/json-patch+json',
          'if-match': (await ledger.get(path, under(v3))).headers.get('etag') ?? '',
        },
      })
      expect([patched.status, body(patched)['name']]).toEqual([200, 'Tea'])
      expect(body(await ledger.get(path, under(v3)))).toMatchObject({ owners: ['Ben', 'Cem'], display_name: 'Tea' })
      const merged = await ledger.send(
        'PATCH',
        path,
        { owner: 'Dee', nickname: 'd' },
        {
          headers: { 'api-version': v2, 'content-type': 'application/merge-patch+json', 'if-match': patched.headers.get('etag') ?? '' },
        },
      )
      expect([merged.status, body(merged)['owner']]).toEqual([200, 'Dee'])
      expect(body(await ledger.get(path, under(v3)))).toMatchObject({ owners: ['Dee'], nickname: 'd' })
      const stale = await ledger.send(
        'PUT',
        path,
        { owner: 'E', name: 'E' },
        under(v1, { 'if-match': tag, prefer: 'return=representation' }),
      )
      expect([stale.status, body(stale)]).toEqual([
        412,
        {
          error: { code: 'version-conflict', message: expect.any(String) as string },
          current: expect.objectContaining({ owner: 'Dee', name: 'Tea' }) as unknown,
        },
      ])
    })

    it('refuses in the words of each version, whoever refuses', async () => {
      const [ann, ben] = await openTwo()
      const poor = await ledger.post('/payments', { from: ben['id'], to: ann['id'], amount: 1, currency: 'eur' }, under(v1))
      expect([poor.status, body(poor)]).toEqual([400, { error: { code: 'insufficient-funds', message: expect.any(String) as string } }])
      const order = { from: ben['id'], to: ann['id'], amount: { value: '0.01', currency: 'EUR' } }
      expect(body(await ledger.post('/transfers', order, under(v2)))).toMatchObject({ status: 400, code: 'insufficient-funds' })
      const bad = await ledger.post('/transfers', { ...order, from: 7, to: undefined }, under(v2))
      expect(body(bad)['errors']).toEqual([expect.objectContaining({ pointer: '/from' }), expect.objectContaining({ pointer: '/to' })])
      const noKey = await ledger.post('/payments', {}, { ...under(v1), key: undefined })
      expect([noKey.status, body(noKey)]).toEqual([400, { error: { code: 'key-missing', message: expect.any(String) as string } }])
      const noTag = await ledger.send('PUT', `/wallets/${String(ann['id'])}`, {}, under(v1))
      expect([noTag.status, body(noTag)]).toEqual([
        428,
        { error: { code: 'precondition-required', message: expect.any(String) as string } },
      ])
      const stranger = await ledger.get('/payments', { ...under(v1), as: undefined })
      expect([stranger.status, body(stranger)]).toEqual([
        401,
        { error: { code: 'account-unknown', message: expect.any(String) as string } },
      ])
      expect((await ledger.get('/transfers', under(v1))).status).toBe(404)
      expect((await ledger.get('/payments', under(v3))).status).toBe(404)
    })

    it('reverses what another version has moved, and exports for all', async () => {
      const [ann, ben] = await openTwo()
      const made = await ledger.post(
        '/transfers',
        { source: { id: ann['id'] }, destination: { id: ben['id'] }, amount: { value: '3.00', currency: 'EUR' } },
        under(v3),
      )
      const path = `/payments/${String(body(made)['id'])}/reverse`
      expect(body(await ledger.post(path, undefined, under(v1)))).toMatchObject({ error: { code: 'precondition-required' } })
      const back = await ledger.post(path, undefined, under(v1, { 'if-match': made.headers.get('etag') ?? '' }))
      expect([back.status, body(back)]).toEqual([201, expect.objectContaining({ from: ben['id'], amount: 300 })])
      expect(body(await ledger.get(`/payments/${String(body(made)['id'])}`, under(v1)))['status']).toBe('undone')
      const lines = (await ledger.get(`/wallets/${String(ann['id'])}/entries`, under(v1, { accept: 'application/x-ndjson' }))).text
        .trimEnd()
        .split('\n')
      expect(
        lines
          .map((line) => JSON.parse(line) as Fields)
          .filter(({ delta }) => delta !== undefined)
          .map(({ delta }) => delta),
      ).toEqual(['100.00', '-3.00', '3.00'])
    })

    it('pins an account, lets it upgrade, and tells how it stands', async () => {
      const bob = { as: 'key_bob' }
      expect((await ledger.get('/wallets', bob)).headers.get('api-version')).toBe(v3)
      expect(body(await ledger.get('/me/api-version', bob))).toEqual({ version: v3 })
      expect(await ledger.send('PUT', '/me/api-version', { version: v1 }, bob)).toMatchObject({
        status: 409,
        json: { code: 'api-version-pinned' },
      })
      expect(await ledger.send('PUT', '/me/api-version', { version: '2020-01-01' }, bob)).toMatchObject({
        status: 400,
        json: { code: 'api-version-unknown' },
      })
      const admin = { as: 'key_admin' }
      expect(body(await ledger.send('PUT', '/me/api-version', { version: v1 }, { ...admin, ...under(v3) }))).toEqual({ version: v1 })
      expect(Object.keys(body(await ledger.get('/wallets', admin)))).toContain('wallets')
      expect(body(await ledger.send('PUT', '/me/api-version', { version: v3 }, { ...admin, ...under(v3) }))).toMatchObject({
        version: v3,
        rollback: { version: v1 },
      })
      expect(await ledger.send('PUT', '/me/api-version', { version: v1 }, { ...admin, ...under(v3) })).toMatchObject({
        status: 200,
        json: { version: v1 },
      })
      expect((await ledger.get('/admin/usage', bob)).status).toBe(404)
      const usage = body(await ledger.get(`/admin/usage?version=${v1}`, { ...admin, ...under(v3) })) as { data: Fields[] }
      const alice = usage.data.find(({ account }) => account === 'alice')
      expect(alice).toMatchObject({
        version: v1,
        fired: expect.objectContaining({ 'amount-object': expect.any(Number), 'payments-to-transfers': expect.any(Number) }) as unknown,
      })
    })

    it('publishes its versions, their documents and what changed', async () => {
      const nobody = { as: undefined }
      expect((body(await ledger.get('/versions', nobody)) as { data: Fields[] }).data).toEqual([
        { version: v3, state: 'current' },
        { version: v2, state: 'current' },
        { version: v1, state: 'deprecated', deprecated_at: '2026-06-01T00:00:00.000Z', sunset_at: '2027-06-01T00:00:00.000Z' },
      ])
      expect(body(await ledger.get(`/openapi.json?version=${v1}`, nobody))).toMatchObject({ openapi: '3.1.0', info: { version: v1 } })
      expect((await ledger.get('/openapi.json?version=x', nobody)).status).toBe(400)
      const { data } = body(await ledger.get('/changelog', nobody)) as { data: { changes: unknown[] }[] }
      expect(data.map(({ changes }) => changes.length)).toEqual([6, 9, 0])
      expect((await ledger.get('/wallets', under(v1))).headers.get('sunset')).toBe('Tue, 01 Jun 2027 00:00:00 GMT')
    })
  })
})

describe('the versions of the ledger', () => {
  it('keep what was published, and bring every generated sample there and back', () => {
    expect(
      checkVersions(versions, { published: published(), info: { title: 'Ledger' }, runs: Number(process.env['SAMPLES'] ?? 50) }),
    ).toEqual([])
  })

  it('are published as they are', () => {
    for (const { id } of versions.list)
      expect(published().get(id)).toEqual(JSON.parse(JSON.stringify(openApi(versions, id, { title: 'Ledger' }))))
  })
})
