import fc from 'fast-check'
import { expect, it } from 'vitest'
import { defineList } from '../../src/pagination/list.ts'
import type { List } from '../../src/pagination/list.ts'
import { memoryList } from '../../src/pagination/memory.ts'
import type { RowsQuery } from '../../src/pagination/reader.ts'
import { mirrored } from '../../src/pagination/sorts.ts'
import { closeTablesAfterwards, describeTables, sqliteKit, tableKits } from './stores.ts'
import type { TestRow } from './stores.ts'

closeTablesAfterwards()

const directions = ['', '-'] as const

/** Every mix of directions over two keys and the unique one. */
function allSorts(): Record<string, string[]> {
  const sorts: Record<string, string[]> = {}
  for (const a of directions)
    for (const b of directions)
      for (const c of directions) {
        sorts[`${a}size,${b}name,${c}id`] = [`${a}size`, `${b}name`, `${c}id`]
        sorts[`${a}name,${b}size,${c}id`] = [`${a}name`, `${b}size`, `${c}id`]
      }
  return { default: ['id'], ...sorts }
}

const lists: readonly List[] = [undefined, 'first', 'last'].map((nulls) => {
  const placed = nulls === undefined ? {} : ({ nullable: true, nulls: nulls as 'first' | 'last' } as const)
  return defineList({
    name: `model-${nulls}`,
    keys: { size: { type: 'integer', ...placed }, name: { type: 'text', maxBytes: 40, ...placed }, id: { type: 'integer' } },
    unique: 'id',
    sorts: allSorts(),
  })
})

const names = ['', 'a', 'B', 'Z', 'é', 'zz', '\u{1f600}', '\uff61', 'a b']
const rowsOf = (nullable: boolean) =>
  fc.array(
    fc.record({
      size: fc.oneof(
        { weight: nullable ? 1 : 0, arbitrary: fc.constant(null) },
        { weight: 3, arbitrary: fc.constantFrom('-1', '0', '1', '9007199254740993') },
      ),
      name: fc.oneof({ weight: nullable ? 1 : 0, arbitrary: fc.constant(null) }, { weight: 3, arbitrary: fc.constantFrom(...names) }),
    }),
    { maxLength: 40 },
  )

describeTables(
  'a reader',
  (kit) => {
    it.each(lists.map((list) => [list.name, list] as const))(
      'gives the rows of the model, from every position and in every direction: %s',
      async (name, list) => {
        const nullable = name !== 'model-undefined'
        const table = await kit.open(list, { size: 'integer', name: 'text', id: 'integer' })
        const byModel = memoryList<TestRow>(list, {
          size: (row) => row['size'] ?? null,
          name: (row) => row['name'] ?? null,
          id: (row) => row['id'] ?? null,
        })
        await fc.assert(
          fc.asyncProperty(
            rowsOf(nullable),
            fc.constantFrom(...list.sorts.values()),
            fc.boolean(),
            fc.boolean(),
            fc.integer({ min: 1, max: 12 }),
            fc.option(fc.nat(39), { nil: undefined }),
            async (made, sort, backward, inclusive, take, at) => {
              await table.run?.(`DELETE FROM ${table.name}`)
              const rows: TestRow[] = made.map((row, index) => ({ ...row, id: String(index * 2) }))
              await table.insert(rows)
              const row = at === undefined ? undefined : rows[at]
              // Between rows as well: the row at the position may be gone.
              const keys = row && { ...row, id: String(Number(row['id']) + ((at as number) % 2)) }
              const query: RowsQuery = {
                orders: backward ? mirrored(sort.orders) : sort.orders,
                position: keys && sort.orders.map(({ key }) => keys[key.name as keyof typeof keys] ?? null),
                inclusive,
                take,
                consistency: { kind: 'live' },
                bound: undefined,
                now: 0,
              }
              const expected = await byModel(rows).read(query)
              expect(await table.reader().read(query)).toEqual(expected)
            },
          ),
          { numRuns: Number(process.env['HOLDFAST_RUNS'] ?? 150) },
        )
      },
    )
  },
  tableKits.filter(({ name }) => name !== 'memory').length > 0 ? tableKits.filter(({ name }) => name !== 'memory') : [sqliteKit],
)
