import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { postgresUrl } from '../../../test/servers/index.ts'
import { order } from './support/client.ts'
import type { Answered, CallOptions } from './support/client.ts'
import { adapters, startTestLedger, stores } from './support/ledger.ts'
import type { TestLedger } from './support/ledger.ts'

const matrix = adapters.flatMap((adapter) => stores.map((store) => ({ adapter, store })))
const merge = 'application/merge-patch+json'
const operations = 'application/json-patch+json'

describe.each(matrix)('changes of wallets on $adapter with $store', ({ adapter, store }) => {
  const isMissing = store === 'postgres' && postgresUrl() === undefined
  describe.skipIf(isMissing)('contract', () => {
    let ledger: TestLedger
    beforeAll(async () => void (ledger = await startTestLedger(adapter, store)))
    afterAll(() => ledger?.stop())

    const read = async (id: string): Promise<Answered> => ledger.get(`/wallets/${id}`)
    const change = (method: string, id: string, body: unknown, etag?: string, type = 'application/json', options: CallOptions = {}) =>
      ledger.send(method, `/wallets/${id}`, body, {
        ...options,
        headers: { ...(etag !== undefined && { 'if-match': etag }), 'content-type': type, ...options.headers },
      })

    it('replace it for who has read it, and for nobody else', async () => {
      const id = await ledger.openWallet('5.00')
      const before = await read(id)
      const edit = { owners: ['Ann', 'Ben'], display_name: 'Both', nickname: 'us' }
      const done = await change('PUT', id, edit, before.json.etag)
      expect([done.status, done.json]).toMatchObject([200, edit])
      expect(done.headers.get('etag')).toBe(done.json.etag)
      expect(done.json.etag).not.toBe(before.json.etag)
      expect((await read(id)).text).toBe(done.text)
      const stale = await change('PUT', id, { ...edit, nickname: 'lost' }, before.json.etag, 'application/json', {
        headers: { prefer: 'return=representation' },
      })
      expect([stale.status, stale.json.code, stale.headers.get('etag')]).toEqual([412, 'version-conflict', done.json.etag])
      expect(stale.headers.get('preference-applied')).toBe('return=representation')
      expect(stale.text).toContain(`"current":${done.text}`)
      expect((await read(id)).text).toBe(done.text)
    })

    it('take a whole wallet back as it was read, with one member changed', async () => {
      const { json, text } = await read(await ledger.openWallet())
      const done = await change('PUT', json.id, text.replace('"nickname":null', '"nickname":"whole"'), json.etag)
      expect([done.status, /"external_no":\d+/.exec(done.text)?.[0]]).toEqual([200, /"external_no":\d+/.exec(text)?.[0]])
      expect(done.text).toContain('"nickname":"whole"')
    })

    it('ask for If-Match, and say which', async () => {
      const { json } = await read(await ledger.openWallet())
      for (const [method, type] of [
        ['PUT', 'application/json'],
        ['PATCH', merge],
        ['DELETE', 'application/json'],
      ] as const) {
        const refused = await change(method, json.id, {}, undefined, type)
        expect([refused.status, refused.json.code, refused.headers.get('etag')]).toEqual([428, 'precondition-required', json.etag])
        expect((await change(method, 'wal_x', method === 'PUT' ? { owners: ['A'], display_name: 'A' } : {}, undefined, type)).status).toBe(
          404,
        )
      }
    })

    it('patch it, by merge and by operations', async () => {
      const before = await read(await ledger.openWallet('5.00'))
      const { id } = before.json
      const merged = await change('PATCH', id, { nickname: 'nick', display_name: 'New' }, before.json.etag, merge)
      expect([merged.status, merged.json]).toMatchObject([200, { nickname: 'nick', display_name: 'New', owners: ['Ann'] }])
      const patch = [
        { op: 'test', path: '/display_name', value: 'New' },
        { op: 'add', path: '/owners/-', value: 'Ben' },
        { op: 'replace', path: '/nickname', value: null },
      ]
      const patched = await change('PATCH', id, patch, merged.json.etag, operations)
      expect([patched.status, patched.json]).toMatchObject([200, { nickname: null, owners: ['Ann', 'Ben'] }])
      expect(/"external_no":\d+/.exec(patched.text)?.[0]).toBe(/"external_no":\d+/.exec(before.text)?.[0])
    })

    it('refuse patches that do not fit, and change nothing', async () => {
      const { json, text } = await read(await ledger.openWallet('5.00'))
      const refused = async (body: unknown, type: string, etag = json.etag) => {
        const answer = await change('PATCH', json.id, body, etag, type)
        return [answer.status, answer.json.code]
      }
      expect(await refused([{ op: 'test', path: '/nickname', value: 'x' }], operations)).toEqual([409, 'patch-test-failed'])
      expect(await refused([{ op: 'test', path: '/nickname', value: null }], operations, '"0"')).toEqual([412, 'version-conflict'])
      expect(await refused([{ op: 'replace', path: '/balance/value', value: '9.00' }], operations)).toEqual([400, 'invalid-request'])
      expect(await refused({ balance: { value: '9.00' } }, merge)).toEqual([400, 'invalid-request'])
      expect(await refused({ id: null }, merge)).toEqual([400, 'invalid-request'])
      expect(await refused({ colour: 'red' }, merge)).toEqual([400, 'invalid-request'])
      expect(await refused('{', merge)).toEqual([400, 'patch-invalid'])
      const untyped = await change('PATCH', json.id, { nickname: 'x' }, json.etag)
      expect([untyped.status, untyped.headers.get('accept-patch')]).toEqual([415, `${merge}, ${operations}`])
      expect((await read(json.id)).text).toBe(text)
    })

    it('keep the tag where nothing changes', async () => {
      const { json, text } = await read(await ledger.openWallet())
      expect((await change('PATCH', json.id, { display_name: 'Ann' }, json.etag, merge)).text).toBe(text)
      expect((await change('PUT', json.id, { owners: ['Ann'], display_name: 'Ann' }, json.etag)).text).toBe(text)
    })

    it('close it when it is empty, for good', async () => {
      const [full, empty] = [await read(await ledger.openWallet('5.00')), await read(await ledger.openWallet())]
      const refused = await change('DELETE', full.json.id, undefined, full.json.etag)
      expect([refused.status, refused.json.code]).toEqual([409, 'balance-not-zero'])
      expect((await change('DELETE', empty.json.id, undefined, '"zz"')).status).toBe(412)
      const closed = await change('DELETE', empty.json.id, undefined, empty.json.etag)
      expect([closed.status, closed.text]).toEqual([204, ''])
      const after = await read(empty.json.id)
      expect([after.json.status, after.json.etag]).toEqual(['closed', closed.headers.get('etag')])
      expect((await change('PATCH', empty.json.id, { nickname: 'x' }, after.json.etag, merge)).json.code).toBe('wallet-closed')
      expect((await ledger.post('/transfers', order(full.json.id, empty.json.id, '1.00'))).json.code).toBe('wallet-closed')
    })

    it('give each of fifty writers with one tag the same chance, and one of them success', async () => {
      const { json } = await read(await ledger.openWallet())
      const all = await Promise.all(
        Array.from({ length: 50 }, (_, at) => change('PATCH', json.id, { nickname: `n${at}` }, json.etag, merge)),
      )
      expect(all.map(({ status }) => status).toSorted()).toEqual([200, ...Array.from({ length: 49 }, () => 412)])
      expect((await read(json.id)).text).toBe(all.find(({ status }) => status === 200)?.text)
    })

    it('repeat the answer to a key, whatever has become of the tag, and leave a key unused that met a conflict', async () => {
      const { json } = await read(await ledger.openWallet())
      const first = await change('PATCH', json.id, { nickname: 'a' }, json.etag, merge, { headers: { 'idempotency-key': `a-${json.id}` } })
      const again = await change('PATCH', json.id, { nickname: 'a' }, json.etag, merge, { headers: { 'idempotency-key': `a-${json.id}` } })
      expect([again.status, again.text, again.headers.get('idempotent-replayed')]).toEqual([200, first.text, 'true'])
      const key = { headers: { 'idempotency-key': `b-${json.id}` } }
      expect((await change('PATCH', json.id, { nickname: 'b' }, undefined, merge, key)).status).toBe(428)
      expect((await change('PATCH', json.id, { nickname: 'b' }, json.etag, merge, key)).status).toBe(412)
      expect((await change('PATCH', json.id, { nickname: 'b' }, first.json.etag, merge, key)).status).toBe(200)
    })

    it('name it once', async () => {
      const [ann, ben] = [await ledger.openWallet(), await ledger.openWallet()]
      const name = `alias-${ann}`
      const alias = (wallet: string, headers: Readonly<Record<string, string>> = { 'if-none-match': '*' }) =>
        ledger.send('PUT', `/aliases/${name}`, { wallet }, { headers })
      expect((await alias(ann, {})).status).toBe(428)
      expect((await alias('wal_x')).status).toBe(404)
      const all = await Promise.all(Array.from({ length: 8 }, (_, at) => alias(at % 2 ? ann : ben)))
      expect(all.map(({ status }) => status).toSorted()).toEqual([201, ...Array.from({ length: 7 }, () => 412)])
      expect((await alias(ann)).json.code).toBe('version-conflict')
    })

    it('reverse a transfer for who has read it', async () => {
      const [ann, ben] = [await ledger.openWallet('5.00'), await ledger.openWallet()]
      const { json } = await ledger.post('/transfers', order(ann, ben, '2.00'))
      const reverse = (headers: Readonly<Record<string, string>>) => ledger.post(`/transfers/${json.id}/reverse`, undefined, { headers })
      const missing = await reverse({})
      expect([missing.status, missing.headers.get('etag')]).toEqual([428, json.etag])
      expect((await reverse({ 'if-match': '"zz"' })).status).toBe(412)
      expect((await reverse({ 'if-match': json.etag })).status).toBe(201)
      const { json: after } = await ledger.get(`/transfers/${json.id}`)
      expect((await reverse({ 'if-match': after.etag })).json.code).toBe('already-reversed')
      expect(await ledger.balanceOf(ann)).toBe('5.00')
      expect((await ledger.effects()).sum).toBe('0.00')
    })
  })
})
