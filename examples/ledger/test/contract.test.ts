import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { postgresUrl } from '../../../test/servers/index.ts'
import { order } from './support/client.ts'
import { adapters, startTestLedger, stores } from './support/ledger.ts'
import type { TestLedger } from './support/ledger.ts'

const matrix = adapters.flatMap((adapter) => stores.map((store) => ({ adapter, store })))

describe.each(matrix)('the ledger on $adapter with $store', ({ adapter, store }) => {
  const isMissing = store === 'postgres' && postgresUrl() === undefined
  describe.skipIf(isMissing)('contract', () => {
    let ledger: TestLedger
    beforeAll(async () => void (ledger = await startTestLedger(adapter, store)))
    afterAll(() => ledger?.stop())

    it('opens a wallet with money from the hidden world wallet', async () => {
      const body = { owners: ['Ann', 'Ben'], display_name: 'Both', currency: 'EUR', opening_balance: '100.00' }
      const made = await ledger.post('/wallets', body)
      expect(made.status).toBe(201)
      expect(made.json).toMatchObject({ owners: ['Ann', 'Ben'], display_name: 'Both', nickname: null, currency: 'EUR', status: 'open' })
      expect(made.json.balance).toEqual({ value: '100.00', currency: 'EUR' })
      expect(made.json.id).toMatch(/^wal_[0-9A-HJKMNP-TV-Z]{26}$/)
      expect(made.json.created_at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/)
      expect(made.headers.get('location')).toBe(`/wallets/${made.json.id}`)
      expect(made.headers.get('etag')).toBe(made.json.etag)
      expect(made.headers.get('idempotent-replayed')).toBe('false')
      expect((await ledger.effects()).sum).toBe('0.00')
    })

    it('keeps all digits of external_no on every path', async () => {
      const made = await ledger.post('/wallets', { owners: ['Ann'], display_name: 'Ann', currency: 'EUR' }, { key: 'digits' })
      const digits = /"external_no":(\d+),/.exec(made.text)?.[1] ?? ''
      expect(BigInt(digits)).toBeGreaterThan(2n ** 53n)
      expect(String(Number(digits))).not.toBe(digits)
      const replayed = await ledger.post('/wallets', { owners: ['Ann'], display_name: 'Ann', currency: 'EUR' }, { key: 'digits' })
      expect(replayed.text).toBe(made.text)
      expect((await ledger.get(`/wallets/${made.json.id}`)).text).toBe(made.text)
    })

    it('moves money once, and answers every repeat with the first answer', async () => {
      const [ann, ben] = [await ledger.openWallet('100.00'), await ledger.openWallet()]
      const first = await ledger.post('/transfers', order(ann, ben, '10.50', { metadata: { big: 1 } }), { key: 'rent' })
      expect(first.status).toBe(201)
      expect(first.json).toMatchObject({ source: { id: ann }, destination: { id: ben }, status: 'posted', metadata: { big: 1 } })
      expect(first.headers.get('location')).toBe(`/transfers/${first.json.id}`)
      const second = await ledger.post('/transfers', order(ann, ben, '10.50', { metadata: { big: 1 } }), {
        key: '"rent"',
        as: 'key_alice_2',
      })
      expect([second.status, second.text]).toEqual([201, first.text])
      expect(second.headers.get('idempotent-replayed')).toBe('true')
      expect([await ledger.balanceOf(ann), await ledger.balanceOf(ben)]).toEqual(['89.50', '10.50'])
      expect(await ledger.effects()).toMatchObject({ by_key: { rent: 1 }, sum: '0.00' })
      expect((await ledger.get(`/transfers/${first.json.id}`)).text).toBe(first.text)
    })

    it('has one effect and one answer for fifty identical calls at once', async () => {
      const [ann, ben] = [await ledger.openWallet('100.00'), await ledger.openWallet()]
      const all = await Promise.all(Array.from({ length: 50 }, () => ledger.post('/transfers', order(ann, ben, '1.00'), { key: 'crowd' })))
      expect(new Set(all.map(({ status, text }) => `${status} ${text}`)).size).toBe(1)
      expect(all[0]?.status).toBe(201)
      expect(await ledger.balanceOf(ben)).toBe('1.00')
      expect((await ledger.effects()).by_key['crowd']).toBe(1)
    })

    it('never lets concurrent transfers spend more than there is, whichever way they go', async () => {
      const [ann, ben] = [await ledger.openWallet('10.00'), await ledger.openWallet('10.00')]
      const calls = Array.from({ length: 40 }, (_, at) =>
        ledger.post('/transfers', at % 2 ? order(ann, ben, '4.00') : order(ben, ann, '4.00')),
      )
      const statuses = new Set((await Promise.all(calls)).map(({ status }) => status))
      expect([...statuses].every((status) => status === 201 || status === 422)).toBe(true)
      const balances = [await ledger.balanceOf(ann), await ledger.balanceOf(ben)].map(Number)
      expect(balances.every((balance) => balance >= 0)).toBe(true)
      expect((balances[0] ?? 0) + (balances[1] ?? 0)).toBe(20)
      expect((await ledger.effects()).sum).toBe('0.00')
    })

    it('refuses a transfer without enough money, and remembers the refusal', async () => {
      const [ann, ben] = [await ledger.openWallet('1.00'), await ledger.openWallet()]
      const refused = await ledger.post('/transfers', order(ann, ben, '1.01'), { key: 'poor' })
      expect([refused.status, refused.json.code]).toEqual([422, 'insufficient-funds'])
      expect(refused.headers.get('content-type')).toBe('application/problem+json')
      const again = await ledger.post('/transfers', order(ann, ben, '1.01'), { key: 'poor' })
      expect([again.text, again.headers.get('idempotent-replayed')]).toEqual([refused.text, 'true'])
      expect((await ledger.effects()).by_key['poor']).toBeUndefined()
    })

    it('refuses a transfer between currencies, or to a wallet that is not there', async () => {
      const [ann, dollars] = [await ledger.openWallet('5.00'), await ledger.openWallet('5.00', { currency: 'USD' })]
      const stranger = await ledger.openWallet(undefined, { as: 'key_bob' })
      expect((await ledger.post('/transfers', order(ann, dollars, '1.00'))).json.code).toBe('currency-mismatch')
      for (const nobody of ['wal_00000000000000000000000000', 'world_alice_EUR', stranger]) {
        const refused = await ledger.post('/transfers', order(ann, nobody, '1.00'))
        expect([refused.status, refused.json.code, refused.json.errors[0]?.pointer]).toEqual([404, 'wallet-not-found', '/destination/id'])
      }
      expect((await ledger.effects()).sum).toBe('0.00')
    })

    it('reverses a transfer once', async () => {
      const [ann, ben] = [await ledger.openWallet('5.00'), await ledger.openWallet()]
      const made = await ledger.post('/transfers', order(ann, ben, '2.00'))
      const headers = { 'if-match': made.json.etag }
      const all = await Promise.all(
        Array.from({ length: 8 }, () => ledger.post(`/transfers/${made.json.id}/reverse`, undefined, { headers })),
      )
      expect(all.filter(({ status }) => status === 201)).toHaveLength(1)
      expect(all.filter(({ status }) => status === 409)).toHaveLength(7)
      expect(all.find(({ status }) => status === 409)?.json.code).toBe('already-reversed')
      expect(all.find(({ status }) => status === 201)?.json).toMatchObject({
        source: { id: ben },
        destination: { id: ann },
        status: 'posted',
      })
      const original = (await ledger.get(`/transfers/${made.json.id}`)).json
      expect(original.status).toBe('reversed')
      expect(original.etag).not.toBe(made.json.etag)
      expect(await ledger.balanceOf(ann)).toBe('5.00')
    })

    it('shows a wallet with its tag, its newest transfer and its entries', async () => {
      const [ann, ben] = [await ledger.openWallet('5.00'), await ledger.openWallet()]
      const before = await ledger.get(`/wallets/${ann}`)
      const made = await ledger.post('/transfers', order(ann, ben, '2.00'))
      const after = await ledger.get(`/wallets/${ann}?expand=last_transfer`)
      expect(after.json.last_transfer).toEqual(made.json)
      expect(after.headers.get('etag')).not.toBe(before.headers.get('etag'))
      const tag = after.headers.get('etag') ?? ''
      const unchanged = await ledger.get(`/wallets/${ann}`, { headers: { 'if-none-match': `"x", W/${tag}` } })
      expect([unchanged.status, unchanged.text, unchanged.headers.get('etag')]).toEqual([304, '', tag])
      const head = await ledger.get(`/wallets/${ann}`, {}, 'HEAD')
      expect([head.status, head.text, head.headers.get('etag')]).toEqual([200, '', tag])
      const { data } = (await ledger.get(`/wallets/${ann}/entries?limit=10`)).json
      expect(data.map(({ delta }) => delta)).toEqual(['5.00', '-2.00'])
      expect(data[1]).toMatchObject({ wallet: ann, transfer: made.json.id, balance_after: '3.00' })
      expect(data[1]?.seq).toBeGreaterThan(data[0]?.seq ?? Infinity)
    })

    it('hides wallets and transfers from other accounts, and everything from strangers', async () => {
      const [ann, ben] = [await ledger.openWallet('5.00'), await ledger.openWallet()]
      const made = await ledger.post('/transfers', order(ann, ben, '2.00'))
      for (const path of [`/wallets/${ann}`, `/wallets/${ann}/entries`, `/transfers/${made.json.id}`]) {
        expect((await ledger.get(path, { as: 'key_bob' })).status).toBe(404)
        expect((await ledger.get(path, { as: undefined })).status).toBe(401)
        expect((await ledger.get(path, { as: 'key_nobody' })).json.code).toBe('account-unknown')
      }
      expect((await ledger.post(`/transfers/${made.json.id}/reverse`, undefined, { as: 'key_bob' })).status).toBe(404)
    })

    it('asks for a key where money moves', async () => {
      for (const path of ['/wallets', '/transfers', '/transfers/trf_x/reverse']) {
        const refused = await ledger.post(path, {}, { key: undefined })
        expect([refused.status, refused.json.code]).toEqual([400, 'key-missing'])
      }
    })

    it('tells operators how it is', async () => {
      const nobody = { as: undefined }
      expect((await ledger.get('/healthz', nobody)).json).toEqual({ status: 'up' })
      expect((await ledger.get('/readyz', nobody)).json).toEqual({ status: 'ready' })
      const metrics = (await ledger.get('/metrics', nobody)).text
      expect(metrics).toContain('ledger_requests_total{route="GET /wallets/:id",status="304"} 1')
      expect(metrics).toMatch(/policy="idempotency",verdict="\w+",route="POST \/transfers"} [1-9]/)
      expect(metrics).not.toContain('wal_')
    })

    it('answers what it does not have with a problem', async () => {
      for (const path of ['/', '/nothing', '/wallet', '/wallets/', '/transfer', '/version']) {
        const missing = await ledger.get(path)
        expect([path, missing.status, missing.json.code]).toEqual([path, 404, 'not-found'])
      }
      expect((await ledger.get('/errors/insufficient-funds')).text).toContain('422')
    })
  })
})
