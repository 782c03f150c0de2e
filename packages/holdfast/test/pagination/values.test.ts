import { expect, it } from 'vitest'
import { defineList } from '../../src/pagination/list.ts'
import { idsOf, listApi } from './calls.ts'
import { closeTablesAfterwards, describeTables, postgresKit, tableKits } from './stores.ts'
import type { Columns } from './stores.ts'

closeTablesAfterwards()

const number = { type: 'integer' } as const

interface Exact {
  readonly columns: Columns
  readonly values: readonly string[]
}

const exact: Readonly<Record<'integer' | 'numeric' | 'date' | 'uuid', Exact>> = {
  integer: {
    columns: { key: 'integer', id: 'integer' },
    values: ['-9223372036854775808', '-1', '0', '9007199254740991', '9007199254740992', '9007199254740993', '9223372036854775807'],
  },
  numeric: {
    columns: { key: 'numeric', id: 'integer' },
    values: [
      '-12345678901234567890.0000000002',
      '-12345678901234567890.0000000001',
      '0.0000000001',
      '0.0000000002',
      '12345678901234567890.0000000001',
      'Infinity',
      'NaN',
    ],
  },
  date: { columns: { key: 'date', id: 'integer' }, values: ['2026-01-01', '2026-01-02', '2027-01-01'] },
  uuid: {
    columns: { key: 'uuid', id: 'integer' },
    values: ['00000000-0000-4000-8000-00000000000a', '00000000-0000-4000-8000-0000000000a0', 'f0000000-0000-4000-8000-000000000000'],
  },
}

describeTables('positions', (kit) => {
  const types = Object.keys(exact) as (keyof typeof exact)[]
  it.each(kit.name === 'sqlite' ? types.filter((type) => type !== 'numeric') : types)('keep every digit of %s keys [P6]', async (type) => {
    const { columns, values } = exact[type]
    const list = defineList({
      name: type,
      keys: { key: { type }, id: number },
      unique: 'id',
      sorts: { default: ['key', 'id'], back: ['-key', 'id'] },
    })
    const table = await kit.open(list, columns)
    // Each value twice: the unique key is above 2^53 as well.
    await table.insert(
      values.flatMap((key, n) => [0, 1].map((twin) => ({ key, id: String(9_007_199_254_740_993n + BigInt(n * 2 + twin)) }))),
    )
    const api = listApi(list, table.reader())
    for (const size of [1, 3]) {
      expect((await api.walk(`limit=${size}`)).flatMap(({ data }) => data.map((row) => row['key']))).toEqual(
        values.flatMap((key) => [key, key]),
      )
      expect((await api.walk(`sort=back&limit=${size}`)).flatMap(({ data }) => data)).toHaveLength(values.length * 2)
    }
  })

  it('order text by code point, the same in every store [P25]', async () => {
    const list = defineList({
      name: 'texts',
      keys: { text: { type: 'text', maxBytes: 40 }, id: number },
      unique: 'id',
      sorts: { default: ['text', 'id'] },
    })
    const table = await kit.open(list, { text: 'text', id: 'integer' })
    const texts = ['', ' ', '%', 'A', 'Z', 'a', 'aa', 'a\u0301', 'z', 'é', 'Ω', '王', '\uff61', '\ufffd', '\u{1f600}', '\u{1f601}']
    await table.insert(texts.toReversed().map((text, n) => ({ text, id: String(n) })))
    const pages = await listApi(list, table.reader()).walk('limit=2')
    expect(pages.flatMap(({ data }) => data.map((row) => row['text']))).toEqual(texts)
  })
})

describeTables(
  'timestamps',
  (kit) => {
    it.each(['created_at', '-created_at'])('7 us apart are 20 rows in 7 pages, by %s [P2]', async (key) => {
      const isPostgres = kit.name !== 'sqlite'
      const list = defineList({
        name: 'stamps',
        keys: { created_at: { type: isPostgres ? 'timestamptz' : 'integer' }, id: number },
        unique: 'id',
        sorts: { default: [key, 'id'] },
      })
      const table = await kit.open(list, { created_at: isPostgres ? 'timestamptz' : 'integer', id: 'integer' })
      const at = (n: number): string =>
        isPostgres ? `2026-11-24 10:00:00.${String(123_000 + n * 7).padStart(6, '0')}+00` : String(1_795_514_400_123_000 + n * 7)
      await table.insert(Array.from({ length: 20 }, (_, n) => ({ id: String(n), created_at: at(n) })))
      const pages = await listApi(list, table.reader()).walk('limit=3')
      const ids = Array.from({ length: 20 }, (_, n) => String(n))
      expect([pages.length, idsOf(pages)]).toEqual([7, key === 'created_at' ? ids : ids.toReversed()])
    })
  },
  tableKits,
)

describeTables(
  'timestamps of Postgres',
  (kit) => {
    it('may be infinite, before Christ and beyond the year 9999, and depend on no setting of the session', async () => {
      const list = defineList({
        name: 'ages',
        keys: { at: { type: 'timestamptz' }, id: number },
        unique: 'id',
        sorts: { default: ['at', 'id'] },
      })
      const table = await kit.open(list, { at: 'timestamptz', id: 'integer' })
      const ages = [
        '-infinity',
        '0044-03-15 12:00:00.000001+00 BC',
        '0001-01-01 00:00:00+00',
        '2026-11-24 10:00:00.123456+02',
        '20260-01-01 00:00:00+00',
        'infinity',
      ]
      await table.insert(ages.map((at, n) => ({ at, id: String(n) })))
      expect(idsOf(await listApi(list, table.reader()).walk('limit=1'))).toEqual(['0', '1', '2', '3', '4', '5'])
    })
  },
  tableKits.includes(postgresKit) ? [postgresKit] : [],
)
