import { expect, it } from 'vitest'
import { defineList } from '../../src/pagination/list.ts'
import type { ListDeclaration } from '../../src/pagination/list.ts'
import { idsOf, listApi } from './calls.ts'
import { closeTablesAfterwards, describeTables } from './stores.ts'
import type { TableKit, TestRow, TestTable } from './stores.ts'

closeTablesAfterwards()

const sizes = Array.from({ length: 50 }, (_, index) => index + 1)
const isFull = process.env['HOLDFAST_FULL_WALKS'] !== undefined
const number = { type: 'integer' } as const

async function numbers(
  kit: TableKit,
  count: number,
  change: Partial<ListDeclaration> = {},
  row: (n: number) => TestRow = () => ({}),
): Promise<TestTable> {
  const list = defineList({
    name: 'numbers',
    keys: { id: number, size: number },
    unique: 'id',
    sorts: { default: ['id'], '-id': ['-id'], size: ['size', 'id'], '-size': ['-size', '-id'] },
    filters: { status: { oneOf: ['open', 'posted'] } },
    ...change,
  })
  const table = await kit.open(list, { id: 'integer', size: 'integer', status: 'text' }, ['size, id'])
  if (count > 0) await table.insert(Array.from({ length: count }, (_, n) => ({ id: String(n + 1), size: '0', status: 'open', ...row(n) })))
  return table
}

/** The values by the sort, ties by id. */
const expectedBySize = (count: number, sizeOf: (n: number) => number): string[] =>
  Array.from({ length: count }, (_, n) => n)
    .sort((a, b) => sizeOf(a) - sizeOf(b) || a - b)
    .map((n) => String(n + 1))

describeTables('pages', (kit) => {
  it('give 1000 rows, 400 of them equal, exactly once at every size, and the same ones back [P1]', async () => {
    const sizeOf = (n: number): number => (n % 5 < 2 ? 7 : n)
    const table = await numbers(kit, 1000, {}, (n) => ({ size: String(sizeOf(n)) }))
    const api = listApi(table.list, table.reader())
    const expected = expectedBySize(1000, sizeOf)
    // 4500 pages: every size on SQLite, and everywhere with HOLDFAST_FULL_WALKS; memory sorts all rows for each page, Postgres is a round trip away.
    for (const size of kit.name === 'sqlite' || isFull ? sizes : sizes.filter((one) => one % 10 === 3 || one === 7)) {
      for (const [sort, ids] of [
        ['size', expected],
        ['-size', expected.toReversed()],
      ] as const) {
        if (sort === '-size' && size % 10 !== 3) continue
        const pages = await api.walk(`sort=${sort}&limit=${size}`)
        expect(idsOf(pages)).toEqual(ids)
        if (size % 10 !== 3) continue
        const back = await api.walk(`sort=${sort}&limit=${size}`, 'prev', pages.at(-1)?.prev)
        expect(back.map(({ data }) => data).toReversed()).toEqual(pages.slice(0, -1).map(({ data }) => data))
      }
    }
  })

  it('continue with the next row when the one at the boundary was deleted [P7]', async () => {
    const table = await numbers(kit, 9)
    const api = listApi(table.list, table.reader())
    const first = await api.get('limit=3')
    await table.remove('3')
    const second = await api.get(`limit=3&cursor=${first.next}`)
    expect(idsOf([second])).toEqual(['4', '5', '6'])
    await table.remove('4')
    expect(idsOf([await api.get(`limit=3&cursor=${second.prev}`)])).toEqual(['1', '2'])
  })

  it('skip no other row when the one at the boundary leaves the filter [P8]', async () => {
    const table = await numbers(kit, 9)
    const api = listApi(table.list, (page) => table.reader({ status: page.filter('status') ?? 'open' }))
    const first = await api.get('status=open&limit=3')
    await table.update('3', { status: 'posted' })
    expect(idsOf(await api.walk('status=open&limit=3', 'next', first.next))).toEqual(['4', '5', '6', '7', '8', '9'])
  })

  it('give a row inserted after the position once, and none inserted before it [P9]', async () => {
    const table = await numbers(kit, 0)
    await table.insert([10, 20, 30, 40].map((n) => ({ id: String(n), size: '0', status: 'open' })))
    const api = listApi(table.list, table.reader())
    const first = await api.get('limit=2')
    await table.insert([15, 25].map((n) => ({ id: String(n), size: '0', status: 'open' })))
    expect(idsOf(await api.walk('limit=2', 'next', first.next))).toEqual(['25', '30', '40'])
  })

  it('end without a needless request when the rows fill the last page [P20]', async () => {
    const table = await numbers(kit, 100)
    const pages = await listApi(table.list, table.reader()).walk('limit=20')
    expect(pages).toHaveLength(5)
    expect(pages.map(({ next }) => next === undefined)).toEqual([false, false, false, false, true])
    expect(idsOf(pages)).toHaveLength(100)
  })

  it('of an empty list are one empty page [P21]', async () => {
    const table = await numbers(kit, 0)
    const empty = await listApi(table.list, table.reader()).get()
    expect([empty.status, empty.text]).toEqual([200, '{"data":[]}'])
    expect(empty.header('link')).toBe('<?>; rel="first"')
  })

  it('can be tailed: the cursor of the end gives what was added since, and only that [P22]', async () => {
    const table = await numbers(kit, 0, { tail: true })
    const api = listApi(table.list, table.reader())
    const nothing = await api.get('limit=2')
    await table.insert([1, 2, 3].map((n) => ({ id: String(n), size: '0', status: 'open' })))
    const pages = await api.walk('limit=2', 'next', nothing.tail)
    expect(idsOf(pages)).toEqual(['1', '2', '3'])
    const end = pages.at(-1)
    expect([pages[0]?.tail, end?.next]).toEqual([undefined, undefined])
    const still = await api.get(`limit=2&cursor=${end?.tail}`)
    expect([still.data, still.next]).toEqual([[], undefined])
    await table.insert([{ id: '4', size: '0', status: 'open' }])
    for (const tail of [end?.tail, still.tail]) expect(idsOf([await api.get(`limit=2&cursor=${tail}`)])).toEqual(['4'])
    // An empty page leads back to the row it stands behind.
    expect(idsOf([await api.get(`limit=2&cursor=${still.prev}`)])).toEqual(['2', '3'])
  })

  it('lead back through the same pages, and the first has none before it [P23]', async () => {
    const table = await numbers(kit, 50)
    const api = listApi(table.list, table.reader())
    const [one, two, three] = await api.walk('limit=10')
    const back = await api.walk('limit=10', 'prev', three?.prev)
    expect(back.map(({ data }) => data)).toEqual([two?.data, one?.data])
    expect(back.map(({ prev }) => prev === undefined)).toEqual([false, true])
    expect(one?.prev).toBeUndefined()
    expect(idsOf(await api.walk('limit=10', 'next', back.at(-1)?.next))).toEqual(sizes.slice(10).map(String))
  })

  it('do not lead back where the list does not', async () => {
    const table = await numbers(kit, 5, { prev: false })
    const pages = await listApi(table.list, table.reader()).walk('limit=2')
    expect(pages.map(({ prev }) => prev)).toEqual([undefined, undefined, undefined])
  })
})

describeTables('pages by nullable keys', (kit) => {
  const cases = (['first', 'last'] as const).flatMap((nulls) => ['', '-'].map((sign) => [nulls, sign] as const))
  it.each(cases)('give every row, a third without a value, with nulls %s and direction "%s" [P3]', async (nulls, sign) => {
    const list = defineList({
      name: 'nullable',
      keys: { nick: { type: 'text', maxBytes: 20, nullable: true, nulls }, id: number },
      unique: 'id',
      sorts: { default: [`${sign}nick`, 'id'] },
    })
    const table = await kit.open(list, { nick: 'text', id: 'integer' })
    const rows = Array.from({ length: 30 }, (_, n) => ({ id: String(n), nick: n % 3 === 0 ? null : `n${n % 7}` }))
    await table.insert(rows)
    const compare = (a: TestRow, b: TestRow): number => {
      const [x, y] = [a['nick'] ?? null, b['nick'] ?? null]
      if (x === y) return Number(a['id']) - Number(b['id'])
      if (x === null || y === null) return (x === null) === (nulls === 'first') ? -1 : 1
      return (x < y ? -1 : 1) * (sign === '-' ? -1 : 1)
    }
    const expected = rows.toSorted(compare).map(({ id }) => id)
    const api = listApi(list, table.reader())
    // Sizes that end a page before, within and after the rows without a value.
    for (const size of [1, 2, 3, 5, 7, 10, 20]) {
      const pages = await api.walk(`limit=${size}`)
      expect(idsOf(pages)).toEqual(expected)
      const back = await api.walk(`limit=${size}`, 'prev', pages.at(-1)?.prev)
      expect(idsOf(back.toReversed())).toEqual(expected.slice(0, -(pages.at(-1)?.data.length ?? 0)))
    }
  })
})

describeTables('pages by mixed directions', (kit) => {
  it('are in the right order, forwards and back [P4]', async () => {
    const list = defineList({
      name: 'mixed',
      keys: { created_at: number, name: { type: 'text', maxBytes: 20 }, id: number },
      unique: 'id',
      sorts: { default: ['-created_at', 'name', 'id'], other: ['created_at', '-name', 'id'] },
    })
    const table = await kit.open(list, { created_at: 'integer', name: 'text', id: 'integer' })
    const rows = Array.from({ length: 60 }, (_, n) => ({ id: String(n), created_at: String(n % 4), name: `n${n % 3}` }))
    await table.insert(rows)
    const by = (created: number, name: number) => (a: TestRow, b: TestRow) =>
      created * (Number(a['created_at']) - Number(b['created_at'])) ||
      name * ((a['name'] as string) < (b['name'] as string) ? -1 : (a['name'] as string) > (b['name'] as string) ? 1 : 0) ||
      Number(a['id']) - Number(b['id'])
    const api = listApi(list, table.reader())
    for (const [sort, compare] of [
      ['default', by(-1, 1)],
      ['other', by(1, -1)],
    ] as const) {
      const expected = rows.toSorted(compare).map(({ id }) => id)
      for (const size of [1, 4, 5, 13, 60]) {
        const pages = await api.walk(`sort=${sort}&limit=${size}`)
        expect(idsOf(pages)).toEqual(expected)
        if (pages.length === 1) continue
        const back = await api.walk(`sort=${sort}&limit=${size}`, 'prev', pages.at(-1)?.prev)
        expect(idsOf(back.toReversed())).toEqual(expected.slice(0, -(pages.at(-1)?.data.length ?? 0)))
      }
    }
  })
})
