import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { postgresUrl } from '../../../test/servers/index.ts'
import { order } from './support/client.ts'
import { adapters, startTestLedger } from './support/ledger.ts'
import type { TestLedger } from './support/ledger.ts'

const good = { owners: ['Ann'], display_name: 'Ann', currency: 'EUR' }

const badWallets: readonly [what: string, body: unknown, pointer: string][] = [
  ['no body', undefined, ''],
  ['an array', [], ''],
  ['null', 'null', ''],
  ['a string', '"x"', ''],
  ['a number', '12345678901234567890', ''],
  ['an unknown member', { ...good, 'a/b~c': 1 }, '/a~1b~0c'],
  ['a member named __proto__', '{"owners":["Ann"],"display_name":"Ann","currency":"EUR","__proto__":{}}', '/__proto__'],
  ['no owners', { ...good, owners: [] }, '/owners'],
  ['owners that are no list', { ...good, owners: 'Ann' }, '/owners'],
  ['an owner that is a number', { ...good, owners: ['Ann', 7] }, '/owners/1'],
  ['no name', { owners: ['Ann'], currency: 'EUR' }, '/display_name'],
  ['an empty name', { ...good, display_name: '' }, '/display_name'],
  ['a name that is too long', { ...good, display_name: 'x'.repeat(201) }, '/display_name'],
  ['a name with U+0000', { ...good, display_name: 'a\0b' }, '/display_name'],
  ['a name with half a surrogate pair', '{"owners":["Ann"],"display_name":"\\ud800","currency":"EUR"}', '/display_name'],
  ['a currency in small letters', { ...good, currency: 'eur' }, '/currency'],
  ['an opening balance of zero', { ...good, opening_balance: '0.00' }, '/opening_balance'],
  ['an opening balance that is a number', { ...good, opening_balance: 100 }, '/opening_balance'],
]

const badAmounts = [
  '0.00',
  '-1.00',
  '+1.00',
  '1',
  '1.0',
  '1.000',
  '01.00',
  '.50',
  '1,00',
  '1e3',
  ' 1.00',
  '1.00 ',
  '1000000000000.01',
  '٣.٠٠',
  'NaN',
  '0x1.00',
  '',
]

const places = [
  ...adapters.map((adapter) => ({ adapter, store: 'memory' as const })),
  { adapter: 'node' as const, store: 'postgres' as const },
]

describe.each(places.filter(({ store }) => store !== 'postgres' || postgresUrl() !== undefined))(
  'bad input on $adapter with $store',
  ({ adapter, store }) => {
    let ledger: TestLedger
    let ann: string
    let ben: string
    beforeAll(async () => {
      ledger = await startTestLedger(adapter, store)
      ann = await ledger.openWallet('1000000000000.00')
      ben = await ledger.openWallet('1.00')
    })
    afterAll(() => ledger?.stop())

    it.each(badWallets)('refuses a wallet with %s', async (_what, body, pointer) => {
      const refused = await ledger.post('/wallets', body)
      expect([refused.status, refused.json.code]).toEqual([400, 'invalid-request'])
      expect(refused.json.errors.map((issue) => issue.pointer)).toEqual([pointer])
    })

    it('names everything that is wrong at once', async () => {
      const refused = await ledger.post('/transfers', {
        source: { id: 1 },
        destination: {},
        amount: { value: '1', currency: 'EURO' },
        note: '',
      })
      const pointers = refused.json.errors.map((issue) => issue.pointer)
      expect(pointers).toEqual(['/note', '/source/id', '/destination/id', '/amount/value', '/amount/currency'])
    })

    it.each(badAmounts)('refuses the amount %j', async (value) => {
      const refused = await ledger.post('/transfers', order(ann, ben, value))
      expect([refused.status, refused.json.errors[0]?.pointer]).toEqual([400, '/amount/value'])
    })

    it('moves the smallest and the largest amount exactly', async () => {
      expect((await ledger.post('/transfers', order(ben, ann, '0.01'))).status).toBe(201)
      expect((await ledger.post('/transfers', order(ann, ben, '1000000000000.00'))).status).toBe(201)
      expect([await ledger.balanceOf(ann), await ledger.balanceOf(ben)]).toEqual(['0.01', '1000000000000.99'])
    })

    it('refuses a transfer from a wallet to itself, and metadata that is no object', async () => {
      expect((await ledger.post('/transfers', order(ben, ben, '0.01'))).json.errors[0]?.pointer).toBe('/destination/id')
      expect((await ledger.post('/transfers', order(ben, ann, '0.01', { metadata: [] }))).json.errors[0]?.pointer).toBe('/metadata')
    })

    it('keeps every number in metadata as it was written', async () => {
      const metadata = '{"big":9007199254740993,"price":1.10,"huge":1e400,"deep":[{"n":-0.0}]}'
      const made = await ledger.post(
        '/transfers',
        JSON.stringify(order(ben, ann, '0.01', { metadata: 0 })).replace('"metadata":0', `"metadata":${metadata}`),
      )
      expect(made.status).toBe(201)
      expect(made.text).toContain(`"metadata":${metadata}`)
      expect((await ledger.get(`/transfers/${made.json.id}`)).text).toBe(made.text)
    })

    it('refuses what is not JSON, whatever it calls itself', async () => {
      for (const type of ['application/json', 'text/plain', 'application/x-www-form-urlencoded']) {
        for (const text of ['{', '{"owners":}', 'owners=Ann', '\ufeff{}x']) {
          const refused = await ledger.post('/wallets', text, { headers: { 'content-type': type } })
          expect([type, text, refused.status, refused.headers.get('content-type')]).toEqual([type, text, 400, 'application/problem+json'])
        }
      }
    })

    it('refuses a body that is too long', async () => {
      const refused = await ledger.post('/wallets', JSON.stringify({ ...good, display_name: 'x'.repeat(1_100_000) }))
      expect([refused.status, refused.json.code]).toEqual([413, 'body-too-large'])
    })

    it('refuses bad queries and ids with a problem', async () => {
      expect((await ledger.get(`/wallets/${ann}?expand=owner`)).json.errors[0]?.parameter).toBe('expand')
      for (const limit of ['0', '-1', '1.5', 'ten', '']) {
        expect((await ledger.get(`/wallets/${ann}/entries?limit=${limit}`)).json.errors[0]?.parameter).toBe('limit')
      }
      for (const id of ['x', 'wal_%00', 'wal_%F0%9F%92%A9', "'; DROP TABLE wallets; --", 'x'.repeat(90)]) {
        const missing = await ledger.get(`/wallets/${id}`)
        expect([missing.status, missing.headers.get('content-type')]).toEqual([404, 'application/problem+json'])
      }
      for (const path of ['/wallets/%zz', `/wallets/${'x'.repeat(2000)}`]) {
        const broken = await ledger.get(path)
        expect([400, 404]).toContain(broken.status)
        expect(broken.headers.get('content-type')).toBe('application/problem+json')
      }
    })

    it('outlives callers who break off, and bytes that are no HTTP', async () => {
      const { hostname, port } = new URL(ledger.url)
      const head = `POST /transfers HTTP/1.1\r\nhost: x\r\nauthorization: Bearer key_alice\r\nidempotency-key: cut\r\ncontent-length: 500\r\n\r\n{"source"`
      for (const bytes of [head, 'GET / HTTP/9.9\r\n\r\n', '\x16\x03\x01\x00', 'GET /wallets/%zz HTTP/1.1\r\n\r\n']) {
        await new Promise((resolve) => {
          const socket = connect(Number(port), hostname, () => {
            socket.write(bytes)
            setTimeout(() => socket.destroy(), 30)
          })
          socket.on('error', () => undefined).on('close', resolve)
        })
      }
      expect((await ledger.get('/readyz')).status).toBe(200)
      expect((await ledger.effects()).by_key['cut']).toBeUndefined()
    })
  },
)
