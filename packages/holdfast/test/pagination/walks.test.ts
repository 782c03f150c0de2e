import { describe, expect, it } from 'vitest'
import { defineList } from '../../src/pagination/list.ts'
import type { ListDeclaration } from '../../src/pagination/list.ts'
import { seededRandom, walkList } from '../../src/testing/index.ts'
import type { WalkChurn } from '../../src/testing/index.ts'
import { idsOf, listApi } from './calls.ts'
import { closeTablesAfterwards, describeTables, postgresKit, tableKits, testPool } from './stores.ts'
import type { TestRow, TestTable } from './stores.ts'
import { postgresUrl } from '../../../../test/servers/index.ts'

closeTablesAfterwards()

const isFull = process.env['HOLDFAST_FULL_WALKS'] !== undefined
const sizesOn = (store: string): readonly number[] =>
  isFull ? Array.from({ length: 50 }, (_, n) => n + 1) : store === 'sqlite' ? [1, 7, 50] : [9]

const declaration: ListDeclaration = {
  name: 'walked',
  keys: { size: { type: 'integer' }, nick: { type: 'text', maxBytes: 20, nullable: true, nulls: 'last' }, id: { type: 'integer' } },
  unique: 'id',
  sorts: {
    default: ['-size', '-id'],
    size: ['size', 'id'],
    mixed: ['-size', 'nick', 'id'],
    nick: ['nick', 'id'],
    '-nick': ['-nick', 'id'],
  },
}

/** Half of the rows stay, half are the writers'. */
async function fill(table: TestTable, count: number): Promise<{ rows: TestRow[]; volatile: string[] }> {
  const rows = Array.from({ length: count }, (_, n): TestRow => ({
    id: String(n * 10),
    size: String(n % 5),
    nick: n % 3 === 0 ? null : `n${n % 4}`,
  }))
  await table.insert(rows)
  return { rows: rows.filter((_row, n) => n % 2 === 0), volatile: rows.filter((_row, n) => n % 2 === 1).map(({ id }) => id as string) }
}

function churnOf(table: TestTable): WalkChurn {
  let made = 0
  const keys = (random: () => number): TestRow => ({
    size: String(Math.floor(random() * 6)),
    nick: random() < 0.3 ? null : `n${Math.floor(random() * 5)}`,
  })
  return {
    async insert(random) {
      const id = String(Math.floor(random() * 60) * 10_000 + ++made * 10 + 1)
      await table.insert([{ id, ...keys(random) }])
      return id
    },
    remove: (id) => table.remove(id),
    rekey: (id, random) => table.update(id, keys(random)),
  }
}

describeTables('a walk', (kit) => {
  it.each(['default', 'size', 'mixed', 'nick', '-nick'])(
    'gives each row that stays exactly once, both ways, while three writers insert, delete and change others, by %s [P10]',
    async (sort) => {
      const table = await kit.open(defineList(declaration), { size: 'integer', nick: 'text', id: 'integer' })
      const { rows, volatile } = await fill(table, 120)
      const api = listApi(table.list, table.reader())
      const stable = idsOf(await listApi(table.list, table.reader()).walk(`sort=${sort}&limit=100`)).filter((id) => !volatile.includes(id))
      expect(stable).toHaveLength(rows.length)
      let alive = volatile
      for (const limit of sizesOn(kit.name)) {
        const report = await walkList({
          page: api.page(`sort=${sort}`),
          stable,
          volatile: alive,
          limit,
          churn: churnOf(table),
          seed: limit,
        })
        expect(report.violations).toEqual([])
        expect(report.changes).toBeGreaterThan(0)
        // The next walk begins with what this one left.
        for (const row of idsOf(await api.walk('limit=100'))) if (!stable.includes(row)) await table.remove(row)
        alive = []
      }
    },
  )

  it('through a snapshot gives exactly the rows of the first page\u2019s moment [P12]', async () => {
    const list = defineList({ ...declaration, consistency: { snapshot: 'id' } })
    const table = await kit.open(list, { size: 'integer', nick: 'text', id: 'integer' })
    await fill(table, 60)
    const api = listApi(list, table.reader())
    const initial = idsOf(await api.walk('limit=100'))
    const random = seededRandom(12)
    for (const sort of ['default', 'size', 'mixed']) {
      const expected = idsOf(await api.walk(`sort=${sort}&limit=100`)).filter((id) => initial.includes(id))
      // The second round begins with the rows of the first: its snapshot is newer.
      const newest = Number(idsOf(await api.walk('limit=100')).toSorted((a, b) => Number(b) - Number(a))[0])
      const walked: string[] = []
      let cursor: string | undefined
      let inserted = 0
      do {
        const listed = await api.get(`sort=${sort}&limit=7${cursor === undefined ? '' : `&cursor=${cursor}`}`)
        walked.push(...idsOf([listed]))
        cursor = listed.next
        for (let n = 0; n < 10; n++)
          await table.insert([{ id: String(newest + ++inserted), size: String(Math.floor(random() * 6)), nick: null }])
      } while (cursor !== undefined)
      expect(inserted).toBeGreaterThan(80)
      expect(walked).toEqual(expected)
      for (let n = 1; n <= inserted; n++) await table.remove(String(newest + n))
    }
  })

  it('that lags gives a row that commits late, once it is old enough [P11]', async () => {
    const list = defineList({
      name: 'lagging',
      keys: { at: { type: 'integer' }, id: { type: 'integer' } },
      unique: 'id',
      sorts: { default: ['at', 'id'] },
      consistency: { lag: 'at', ms: 60_000, unit: 'us' },
      tail: true,
    })
    const table = await kit.open(list, { at: 'integer', id: 'integer' })
    const now = Date.now() * 1000
    const [old, recent] = [now - 3_600_000_000, now - 1_000_000]
    await table.insert([
      { id: '2', at: String(old + 2) },
      { id: '3', at: String(recent) },
    ])
    const api = listApi(list, table.reader())
    const first = await api.get('limit=10')
    expect(idsOf([first])).toEqual(['2'])
    // What commits after the page, with an older key than what was kept back.
    await table.insert([{ id: '1', at: String(recent - 1) }])
    await table.update('3', { at: String(old + 4) })
    await table.update('1', { at: String(old + 3) })
    expect(idsOf([await api.get(`limit=10&cursor=${first.tail}`)])).toEqual(['1', '3'])
  })
})

describe('the walk harness', () => {
  const ids = Array.from({ length: 20 }, (_, n) => `r${String(n).padStart(2, '0')}`)

  /** Pages by offset, which is what is to be found out. */
  const byOffset =
    (rows: string[]) =>
    async ({ cursor = '0', limit }: { cursor: string | undefined; limit: number }) => {
      const from = Number(cursor)
      return { ids: rows.slice(from, from + limit), next: from + limit < rows.length ? String(from + limit) : undefined, prev: undefined }
    }

  it('finds that OFFSET loses and repeats rows', async () => {
    const found: string[] = []
    for (let seed = 1; seed <= 5; seed++) {
      const rows = [...ids]
      const churn: WalkChurn = {
        async insert(random) {
          const id = `a${rows.length}${String(random()).slice(2, 8)}`
          rows.unshift(id)
          return id
        },
        remove: async (id) => void rows.splice(rows.indexOf(id), 1),
      }
      found.push(...(await walkList({ page: byOffset(rows), stable: ids, limit: 3, churn, seed })).violations)
    }
    expect(found.some((violation) => violation.endsWith('was given 2 times'))).toBe(true)
  })

  it('finds a loop, a lost row, a row out of order, and one that never was', async () => {
    const loop = await walkList({ page: async () => ({ ids: ['r00'], next: 'again', prev: undefined }), stable: ['r00'], limit: 1 })
    expect(loop.violations.some((violation) => violation.includes('does not end'))).toBe(true)
    const judge = async (given: string[]) =>
      (await walkList({ page: async () => ({ ids: given, next: undefined, prev: undefined }), stable: ids.slice(0, 3), limit: 9 }))
        .violations
    expect(await judge(['r00', 'r01', 'r02'])).toEqual([])
    expect(await judge(['r00', 'r02'])).toEqual(['r01 was there throughout, and was never given'])
    expect(await judge(['r00', 'r02', 'r01'])).toEqual(['r01 was given after a row that comes later'])
    expect(await judge(['r00', 'r01', 'r02', 'x'])).toEqual(['x was given, and never existed'])
  })

  it('fails with a writer that fails', async () => {
    const churn: WalkChurn = { insert: () => Promise.reject(new Error('the disk is full')), remove: async () => {} }
    const page = async () => ({ ids: ['r00'], next: 'on', prev: undefined })
    await expect(walkList({ page, stable: ['r00'], limit: 1, churn, mostPages: 1e9 })).rejects.toThrow('the disk is full')
  })
})

describeTables(
  'late commits',
  (kit) => {
    it.each(['live', 'horizon'] as const)('are missed by a live list, and waited for at the horizon: %s [P11]', async (kind) => {
      const list = defineList({
        name: 'late',
        keys: { tx: { type: 'xid8' }, id: { type: 'integer' } },
        unique: 'id',
        sorts: { default: kind === 'live' ? ['id'] : ['tx', 'id'] },
        consistency: kind === 'live' ? 'live' : { horizon: 'tx' },
        tail: true,
      })
      const table = await kit.open(list, { id: 'integer', tx: 'xid8' })
      const api = listApi(list, table.reader())
      const late = await testPool().connect()
      await late.query('BEGIN')
      await late.query(`INSERT INTO ${table.name} (id) VALUES (1)`)
      await table.insert([{ id: '2' }, { id: '3' }])
      const first = await api.get('limit=10')
      await late.query('COMMIT')
      late.release()
      expect(idsOf([first])).toEqual(kind === 'live' ? ['2', '3'] : [])
      // Other tests' transactions hold the horizon back, too: it is asked until it has passed.
      const seen = idsOf([first])
      let tail = first.tail
      for (let asked = 0; asked < 2000 && seen.length < 3; asked++) {
        const listed = await api.get(`limit=10&cursor=${tail}`)
        seen.push(...idsOf([listed]))
        tail = listed.tail
        if (kind === 'live' && asked > 5) break
      }
      expect(seen).toEqual(kind === 'live' ? ['2', '3'] : ['1', '2', '3'])
    })

    it('are never missed at the horizon, whoever commits when', async () => {
      const list = defineList({
        name: 'sync',
        keys: { tx: { type: 'xid8' }, id: { type: 'integer' } },
        unique: 'id',
        sorts: { default: ['tx', 'id'] },
        consistency: { horizon: 'tx' },
        tail: true,
      })
      const table = await kit.open(list, { id: 'integer', tx: 'xid8' })
      const api = listApi(list, table.reader())
      let drawn = 0
      const write = async (writer: number): Promise<void> => {
        const random = seededRandom(writer)
        const client = await testPool().connect()
        for (let n = 0; n < 15; n++) {
          await client.query('BEGIN')
          // The transaction has its number before the row has its key, and another may get both in between.
          await client.query('SELECT pg_current_xact_id()')
          await client.query(`INSERT INTO ${table.name} (id) VALUES ($1)`, [++drawn])
          for (let wait = random() * 4; wait > 1; wait--) await client.query('SELECT 1')
          await client.query('COMMIT')
        }
        client.release()
      }
      const writing = Promise.all([1, 2, 3].map(write))
      let isOver = false
      void writing.finally(() => (isOver = true))
      const seen: string[] = []
      let tail: string | undefined
      for (let after = 0; after < 2000 && seen.length < 45; after += isOver ? 1 : 0) {
        const listed = await api.get(`limit=10${tail === undefined ? '' : `&cursor=${tail}`}`)
        seen.push(...idsOf([listed]))
        tail = listed.tail ?? listed.next
      }
      await writing
      expect(seen.toSorted((a, b) => Number(a) - Number(b))).toEqual(Array.from({ length: 45 }, (_, n) => String(n + 1)))
    })
  },
  postgresUrl() === undefined ? [] : tableKits.filter((kit) => kit === postgresKit),
)
