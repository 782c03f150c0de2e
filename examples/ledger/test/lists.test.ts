import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { postgresUrl } from '../../../test/servers/index.ts'
import { generate } from '../src/hooks/seeded-data.ts'
import { startTestLedger, adapters, stores } from './support/ledger.ts'
import type { TestLedger } from './support/ledger.ts'

interface Item {
  readonly id: string
  readonly seq: number
  readonly display_name: string
  readonly nickname: string | null
  readonly created_at: string
  readonly status: string
  readonly balance: { readonly value: string }
  readonly source: { readonly id: string }
  readonly destination: { readonly id: string }
}

interface Listed {
  readonly data: readonly Item[]
  readonly next_cursor?: string
  readonly prev_cursor?: string
  readonly code?: string
}

const seed = { seed: 11, wallets: 60, transfers: 300 }
const data = generate(seed)

/** By code point, as lists are ordered. */
const byCode = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b))
const ids = (rows: readonly (readonly unknown[])[]): string[] => rows.map(([id]) => id as string)
const wallets = data.wallets.slice(1)

function sorted(by: (row: readonly unknown[]) => readonly (string | bigint | null)[], reversed = false): string[] {
  const rows = wallets.map((row) => ({ id: row[0] as string, keys: [...by(row), row[0] as string] }))
  rows.sort((a, b) => {
    for (const [index, key] of a.keys.entries()) {
      const other = b.keys[index] as string | bigint | null
      if (key === other) continue
      if (key === null || other === null) return key === null ? 1 : -1
      const order = typeof key === 'bigint' ? (key < (other as bigint) ? -1 : 1) : byCode(key, other as string)
      if (order !== 0) return reversed ? -order : order
    }
    return 0
  })
  return rows.map(({ id }) => id)
}

const at = (index: number) => (row: readonly unknown[]) => [
  typeof row[index] === 'number' ? BigInt(row[index]) : (row[index] as string | bigint | null),
]

const walletSorts: readonly (readonly [string, readonly string[]])[] = [
  ['-created_at', sorted(at(11), true)],
  ['created_at', sorted(at(11))],
  ['display_name', sorted(at(4))],
  ['nickname', sorted(at(5))],
  ['-balance', sorted(at(7), true)],
]

async function page(ledger: TestLedger, path: string): Promise<Listed & { link: string }> {
  const { status, text, headers } = await ledger.get(path)
  expect([status, text.slice(0, status === 200 ? 0 : 200)]).toEqual([200, ''])
  return { ...(JSON.parse(text) as Listed), link: headers.get('link') ?? '' }
}

async function walk(
  ledger: TestLedger,
  path: string,
  direction: 'next' | 'prev' = 'next',
  from?: string,
): Promise<{ items: Item[]; pages: Listed[] }> {
  const pages: Listed[] = []
  const items: Item[] = []
  for (let cursor = from, more = true; more;) {
    const got = await page(ledger, `${path}${cursor === undefined ? '' : `&cursor=${cursor}`}`)
    pages.push(got)
    if (direction === 'next') items.push(...got.data)
    else items.unshift(...got.data)
    cursor = direction === 'next' ? got.next_cursor : got.prev_cursor
    more = cursor !== undefined
    expect(pages.length).toBeLessThan(500)
  }
  return { items, pages }
}

const available = stores.filter((store) => store !== 'postgres' || postgresUrl() !== undefined)

describe.each(available)('the lists of the ledger on %s', (store) => {
  let ledger: TestLedger
  beforeAll(async () => {
    ledger = await startTestLedger('node', store)
    await ledger.post('/_test/reset', seed)
  })
  afterAll(() => ledger.stop())

  it.each(walletSorts)('gives every wallet once, sorted by %s, forwards and back', async (sort, expected) => {
    for (const limit of [1, 7, 20, 59, 60, 61]) {
      const path = `/wallets?sort=${sort}&limit=${limit}`
      const forward = await walk(ledger, path)
      expect(forward.items.map(({ id }) => id)).toEqual(expected)
      const last = forward.pages.at(-1)
      expect(last?.next_cursor).toBeUndefined()
      const back = await walk(ledger, path, 'prev', last?.prev_cursor ?? forward.pages.at(-1)?.prev_cursor)
      if (forward.pages.length > 1) expect([...back.items, ...(last?.data ?? [])].map(({ id }) => id)).toEqual(expected)
    }
  })

  it('gives the newest transfers first, and every one once', async () => {
    const { items } = await walk(ledger, '/transfers?limit=33')
    expect(items.map(({ id }) => id)).toEqual(
      ids(data.transfers.toSorted((a, b) => (a[9] === b[9] ? byCode(b[0] as string, a[0] as string) : Number(b[9]) - Number(a[9])))),
    )
    expect((await walk(ledger, '/transfers?limit=33&sort=created_at')).items.map(({ id }) => id)).toEqual(
      items.map(({ id }) => id).toReversed(),
    )
  })

  it('filters, and keeps the filter from page to page', async () => {
    const wallet = wallets[3]?.[0] as string
    const { items } = await walk(ledger, `/transfers?wallet=${wallet}&limit=3`)
    expect(new Set(items.map(({ id }) => id))).toEqual(new Set(ids(data.transfers.filter((row) => row[2] === wallet || row[3] === wallet))))
    const since = items[4]?.created_at as string
    const later = await walk(ledger, `/transfers?wallet=${wallet}&created_gte=${since}&limit=2`)
    expect(later.items.map(({ id }) => id)).toEqual(items.filter(({ created_at }) => created_at >= since).map(({ id }) => id))
    expect((await page(ledger, '/transfers?status=reversed')).data).toEqual([])
    expect((await page(ledger, '/wallets?status=open&limit=100')).data).toHaveLength(60)
    const owner = encodeURIComponent('Ann Angstrom')
    const owned = await walk(ledger, `/wallets?owner=${owner}&limit=2`)
    expect(owned.items.map(({ id }) => id).toSorted()).toEqual(ids(wallets.filter((row) => row[4] === 'Ann Angstrom')).toSorted())
    expect((await page(ledger, `/wallets?owner=${encodeURIComponent('%')}`)).data).toEqual([])
  })

  it('shows numbers above 2^53 and microseconds as they are', async () => {
    const { text } = await ledger.get('/wallets?limit=1&sort=created_at')
    const [first] = wallets
    expect(text).toContain(`"external_no":${String(first?.[9])}`)
    expect((JSON.parse(text) as Listed).data[0]?.created_at).toMatch(/\.\d{6}Z$/)
  })

  it('gives another account nothing, and refuses it the cursor', async () => {
    const { next_cursor } = await page(ledger, '/wallets?limit=5')
    const others = await ledger.get(`/wallets?limit=5&cursor=${next_cursor}`, { as: 'key_bob' })
    expect([others.status, others.json.code]).toEqual([400, 'invalid-cursor'])
    expect((JSON.parse((await ledger.get('/wallets', { as: 'key_bob' })).text) as Listed).data).toEqual([])
  })

  it('has an index range for every sort, said by the database', async () => {
    const errors: unknown[] = []
    const original = console.error
    console.error = (text) => void errors.push(text)
    const second = await startTestLedger('node', store).finally(() => (console.error = original))
    await second.stop()
    expect(errors.filter((text) => String(text).includes('list-without-index'))).toEqual([])
  })
})

describe.each(adapters)('the lists of the ledger on %s', (adapter) => {
  let ledger: TestLedger
  let wallet: string
  beforeAll(async () => {
    ledger = await startTestLedger(adapter, 'memory')
    await ledger.post('/_test/reset', { ...seed, wallets: 2, transfers: 1400 })
    wallet = generate({ ...seed, wallets: 2, transfers: 1400 }).wallets[1]?.[0] as string
  })
  afterAll(() => ledger.stop())

  it('links pages, and answers 304 to who has one already', async () => {
    const first = await ledger.get('/wallets?limit=1&status=open')
    expect(first.headers.get('link')).toMatch(/^<\?limit=1&status=open>; rel="first", <\?limit=1&status=open&cursor=[\w-]+>; rel="next"$/)
    const tag = first.headers.get('etag') as string
    expect(tag).toMatch(/^W\/"[\w-]{22}"$/)
    const again = await ledger.get('/wallets?limit=1&status=open', { headers: { 'if-none-match': tag } })
    expect([again.status, again.text, again.headers.get('etag')]).toEqual([304, '', tag])
    const head = await ledger.get('/wallets?limit=1&status=open', {}, 'HEAD')
    expect([head.status, head.text, head.headers.get('etag')]).toEqual([200, '', tag])
  })

  it('says when it gives fewer than were asked for', async () => {
    const { headers, text } = await ledger.get(`/wallets/${wallet}/entries?limit=1000`)
    expect(headers.get('holdfast-limit')).toBe('100')
    expect((JSON.parse(text) as Listed).data).toHaveLength(100)
  })

  it('streams all entries as lines, with cursors and an end', async () => {
    const { status, headers, text } = await ledger.get(`/wallets/${wallet}/entries`, { headers: { accept: 'application/x-ndjson' } })
    expect([status, headers.get('content-type'), headers.get('vary')]).toEqual([
      200,
      'application/x-ndjson',
      'accept, API-Version, Authorization',
    ])
    const lines = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { seq?: number; _cursor?: string; _end?: boolean; count?: number })
    const seqs = lines.flatMap(({ seq }) => (seq === undefined ? [] : [seq]))
    expect(lines.at(-1)).toEqual({ _end: true, count: seqs.length })
    expect(seqs.length).toBe(1401)
    expect(seqs).toEqual([...new Set(seqs)].toSorted((a, b) => a - b))
    const places = lines.flatMap(({ _cursor }, place) => (_cursor === undefined ? [] : [place]))
    expect(places.length).toBeGreaterThanOrEqual(3)
    for (const place of [places[0] as number, places[2] as number]) {
      const rest = await ledger.get(`/wallets/${wallet}/entries?cursor=${lines[place]?._cursor}`, {
        headers: { accept: 'application/x-ndjson' },
      })
      const left = lines.slice(place).filter(({ seq }) => seq !== undefined)
      expect(rest.text.split('\n').filter((line) => line.includes('"seq"'))).toHaveLength(left.length)
    }
  })
})
