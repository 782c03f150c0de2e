import { DatabaseSync } from 'node:sqlite'
import { sql as drizzleSql } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/node-postgres'
import { bigint, pgTable, text, timestamp } from 'drizzle-orm/pg-core'
import { Kysely, PostgresDialect, sql as kyselySql } from 'kysely'
import { describe, expect, it } from 'vitest'
import { drizzleReader } from '../../src/pagination/drizzle/index.ts'
import { kyselyReader } from '../../src/pagination/kysely/index.ts'
import { checkPlans, defineList, sqlList } from '../../src/pagination/index.ts'
import type { List, RowsQuery } from '../../src/pagination/index.ts'
import { mirrored } from '../../src/pagination/sorts.ts'
import { dialects } from '../../src/pagination/sql/dialect.ts'
import { compilePage } from '../../src/pagination/sql/compile.ts'
import { render } from '../../src/pagination/sql/fragment.ts'
import { describeWithPostgres } from '../../../../test/servers/index.ts'
import { idsOf, listApi } from './calls.ts'
import { closeTablesAfterwards, postgresKit, sqliteKit, testPool } from './stores.ts'

closeTablesAfterwards()

const list = defineList({
  name: 'planned',
  keys: {
    created_at: { type: 'integer' },
    name: { type: 'text', maxBytes: 40 },
    nick: { type: 'text', maxBytes: 40, nullable: true, nulls: 'last' },
    id: { type: 'integer' },
  },
  unique: 'id',
  sorts: {
    default: ['-created_at', '-id'],
    created_at: ['created_at', 'id'],
    mixed: ['-created_at', 'name', 'id'],
    nick: ['nick', 'id'],
  },
})
const indexes = ['account, created_at, id', 'account, created_at DESC, name COLLATE "C", id', 'account, nick COLLATE "C", id']
const columns = { account: 'text', created_at: 'integer', name: 'text', nick: 'text', id: 'integer' } as const
const rows = 100_000

const queryOf = (
  sort: string,
  position: readonly (string | null)[] | undefined,
  { backward = false, of = list as List } = {},
): RowsQuery => {
  const { orders } = of.sorts.get(sort) as NonNullable<ReturnType<List['sorts']['get']>>
  return {
    orders: backward ? mirrored(orders) : orders,
    position,
    inclusive: false,
    take: 21,
    consistency: { kind: 'live' },
    bound: undefined,
    now: 0,
  }
}

function planOf(rowsOfExplain: readonly unknown[]): Record<string, unknown> {
  const [row] = rowsOfExplain as [{ 'QUERY PLAN': [{ Plan: Record<string, unknown> }] }]
  return row['QUERY PLAN'][0].Plan
}

/** The position at the depth of half of the rows. */
const middle = {
  default: ['50000', '50000'],
  created_at: ['50000', '50000'],
  mixed: ['50000', 'n1', '50000'],
  nick: ['k050000', '50000'],
} as const

describeWithPostgres('plans of Postgres', () => {
  it('touch at depth 50,000 of 100,000 at most three times the buffers of page one, and range over an index in every branch [P5]', async () => {
    const table = await postgresKit.open(list, columns, indexes)
    const pool = testPool()
    await pool.query(
      `INSERT INTO ${table.name} SELECT 'ada', n, 'n' || n % 3, CASE WHEN n % 3 = 0 THEN NULL ELSE 'k' || lpad(n::text, 6, '0') END, n FROM generate_series(1, ${rows}) n`,
    )
    await pool.query(`VACUUM ANALYZE ${table.name}`)
    const base = { text: `SELECT created_at, name, nick, id FROM ${table.name} WHERE account = $1`, values: ['ada'] }
    const buffers = async (query: RowsQuery): Promise<number> => {
      const { text: statement, values } = render(compilePage(dialects.postgres, query, ['id']), base, '$n')
      const { rows: explained } = await pool.query(`EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ${statement}`, [...values])
      const plan = planOf(explained)
      expect([statement, JSON.stringify(plan)]).not.toEqual([statement, expect.stringContaining('Seq Scan')])
      return Number(plan['Shared Hit Blocks']) + Number(plan['Shared Read Blocks'])
    }
    for (const [sort, position] of Object.entries(middle)) {
      await buffers(queryOf(sort, undefined))
      const first = await buffers(queryOf(sort, undefined))
      for (const backward of [false, true]) {
        const deep = await buffers(queryOf(sort, position, { backward }))
        expect([sort, backward, deep <= 3 * first, deep, first]).toEqual([sort, backward, true, deep, first])
        for (const branch of table.sql?.branches(queryOf(sort, position, { backward })) ?? []) {
          const { text: statement, values } = render(branch, base, '$n')
          const { rows: explained } = await pool.query(`EXPLAIN (FORMAT JSON) ${statement}`, [...values])
          const plan = JSON.stringify(explained)
          expect(plan).toMatch(/"Index Cond"/)
          expect(plan).not.toMatch(/Seq Scan|Sort/)
        }
      }
    }
    // A page in the middle by OFFSET, for scale.
    const { rows: offset } = await pool.query(
      `EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ${base.text} ORDER BY created_at DESC, id DESC OFFSET 50000 LIMIT 21`,
      ['ada'],
    )
    expect(Number(planOf(offset)['Shared Hit Blocks'])).toBeGreaterThan(400)
  })

  it('have an index condition in every branch of mixed directions [P4]', async () => {
    const table = await postgresKit.open(list, columns, indexes)
    const client = await testPool().connect()
    await client.query('BEGIN')
    const sql = sqlList(list, { dialect: 'postgres' })
    const run = async (statement: string, values: (string | number)[]) => (await client.query(statement, values)).rows as unknown[]
    const base = { text: `SELECT created_at, name, nick, id FROM ${table.name} WHERE account = $1`, values: ['ada'] }
    expect(await checkPlans(sql, base, run)).toEqual([])
    const { rows: named } = await client.query(`SELECT indexname FROM pg_indexes WHERE tablename = $1 AND indexdef LIKE '%DESC%'`, [
      table.name,
    ])
    await client.query(`DROP INDEX "${(named as { indexname: string }[])[0]?.indexname}"`)
    const findings = await checkPlans(sql, base, run)
    expect(findings.map(({ code }) => code)).toContain('list-without-index')
    expect(findings.every(({ message }) => message.includes('sort mixed'))).toBe(true)
    expect(findings[0]?.message).toContain('make an index on the columns the query compares, then created_at DESC, name, id')
    client.release(true)
  })

  it('are those of the plain statement under Kysely and Drizzle, which give the same pages', async () => {
    const stamps = defineList({
      name: 'stamps',
      keys: {
        created_at: { type: 'timestamptz' },
        nick: { type: 'text', maxBytes: 40, nullable: true, nulls: 'last' },
        id: { type: 'integer' },
      },
      unique: 'id',
      sorts: { default: ['-created_at', 'id'], nick: ['nick', '-id'] },
      count: 'exact',
    })
    const table = await postgresKit.open(stamps, { created_at: 'timestamptz', nick: 'text', id: 'integer' })
    await testPool().query(
      `INSERT INTO ${table.name} SELECT timestamptz '2026-11-24 10:00:00Z' + (n / 3) * interval '7 us', CASE WHEN n % 3 = 0 THEN NULL ELSE 'k' || n % 5 END, n FROM generate_series(1, 40) n`,
    )
    const sql = sqlList(stamps, { dialect: 'postgres' })
    const db = new Kysely<Record<string, { created_at: string; nick: string | null; id: string }>>({
      dialect: new PostgresDialect({ pool: testPool() }),
    })
    const kysely = kyselyReader<{ id: string }>(sql, {
      sql: kyselySql,
      db,
      query: db.selectFrom(table.name).select(['created_at', 'nick', 'id']).where('id', '>', '2'),
    })
    const schema = pgTable(table.name, {
      createdAt: timestamp('created_at', { withTimezone: true }),
      nick: text('nick'),
      id: bigint('id', { mode: 'bigint' }),
    })
    const over = drizzle(testPool())
    const query = over
      .select({ createdAt: schema.createdAt, nick: schema.nick, id: schema.id })
      .from(schema)
      .where(drizzleSql`${schema.id} > ${2}`)
    const byDrizzle = drizzleReader<{ id: string }, ReturnType<typeof drizzleSql>>(sql, {
      sql: drizzleSql,
      query,
      run: (statement) => over.execute(statement),
    })
    const plain = sql.reader<{ id: string }>(
      { text: `SELECT * FROM ${table.name} WHERE id > $1`, values: ['2'] },
      async (statement, values) => (await testPool().query(statement, values)).rows,
    )
    for (const sort of ['default', 'nick']) {
      const expected = idsOf(await listApi(stamps, plain).walk(`sort=${sort}&limit=3`))
      expect(expected).toHaveLength(38)
      for (const reader of [kysely, byDrizzle]) {
        const pages = await listApi(stamps, reader).walk(`sort=${sort}&limit=3`)
        expect(idsOf(pages)).toEqual(expected)
        const back = await listApi(stamps, reader).walk(`sort=${sort}&limit=3`, 'prev', pages.at(-1)?.prev)
        expect(idsOf(back.toReversed())).toEqual(expected.slice(0, 36))
        expect((await listApi(stamps, reader).get('count=exact&limit=1')).total).toEqual({ value: 38, kind: 'exact' })
      }
    }
    const estimated = (await listApi(stamps, plain).get('count=estimate&limit=1')).total as { kind: string }
    expect(estimated.kind).toBe('estimate')
  })
})

describe('plans of SQLite', () => {
  it('range over an index in every branch, and are found out where there is none [P4] [P5]', async () => {
    const table = await sqliteKit.open(list, columns, indexes)
    const run = table.run as NonNullable<typeof table.run>
    const base = { text: `SELECT created_at, name, nick, id FROM rows WHERE account = ?1`, values: ['ada'] }
    expect(await checkPlans(table.sql as NonNullable<typeof table.sql>, base, run)).toEqual([])
    await run('DROP INDEX rows_1')
    const findings = await checkPlans(table.sql as NonNullable<typeof table.sql>, base, run)
    expect(findings.length).toBeGreaterThan(0)
    expect(findings.every(({ message }) => message.includes('sort mixed') && message.includes('no index gives this order'))).toBe(true)
  })

  it('visit no more rows at depth 50,000 than on page one, also behind texts that many rows share [P5]', async () => {
    const named = defineList({
      name: 'named',
      keys: {
        at: { type: 'integer' },
        name: { type: 'text', maxBytes: 40 },
        nick: { type: 'text', maxBytes: 40, nullable: true, nulls: 'last' },
        id: { type: 'text', maxBytes: 40 },
      },
      unique: 'id',
      sorts: { default: ['at', 'id'], '-at': ['-at', '-id'], name: ['name', 'id'], '-name': ['-name', '-id'], nick: ['nick', 'id'] },
    })
    const database = new DatabaseSync(':memory:')
    database.exec('CREATE TABLE rows (account TEXT, at INTEGER, name TEXT, title TEXT, id TEXT PRIMARY KEY)')
    for (const [n, index] of ['at', 'substr(name, 1, 9)', 'substr(title, 1, 9)'].entries())
      database.exec(`CREATE INDEX rows_${n} ON rows (account, ${index}, id)`)
    database.exec(`WITH RECURSIVE seq(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM seq WHERE n < ${rows})
      INSERT INTO rows SELECT 'ada', n / 30000, 'n' || (n % 3), CASE WHEN n % 3 = 0 THEN NULL ELSE 'k' || (n % 2) END, printf('%06d', n) FROM seq`)
    let visited = 0
    database.function('visited', (_id: unknown) => {
      visited += 1
      return 1
    })
    const base = {
      text: `SELECT at, substr(name, 1, 9) AS name, substr(title, 1, 9) AS nick, id FROM rows WHERE account = ?1 AND visited(id)`,
      values: ['ada'],
    }
    const middleOf = {
      default: ['1', '050000'],
      '-at': ['1', '050000'],
      name: ['n1', '050000'],
      '-name': ['n1', '050000'],
      nick: ['k1', '050000'],
    }
    for (const [sort, position] of Object.entries(middleOf)) {
      for (const at of [undefined, position, [position[0] as string, '099999']]) {
        for (const backward of [false, true]) {
          const { text: statement, values } = render(
            compilePage(dialects.sqlite, queryOf(sort, at, { backward, of: named }), ['id']),
            base,
            '?n',
          )
          visited = 0
          const found = database.prepare(statement).all(...(values as string[]))
          expect([sort, backward, at, found.length, visited <= 3 * 21]).toEqual([sort, backward, at, 21, true])
        }
      }
    }
    database.close()
  })

  it('need no more steps at depth 50,000 than on page one', async () => {
    const database = new DatabaseSync(':memory:')
    database.exec('CREATE TABLE rows (account TEXT, created_at INTEGER, name TEXT, nick TEXT, id INTEGER PRIMARY KEY)')
    for (const [n, index] of indexes.entries()) database.exec(`CREATE INDEX rows_${n} ON rows (${index.replaceAll(' COLLATE "C"', '')})`)
    database.exec(`WITH RECURSIVE seq(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM seq WHERE n < ${rows})
      INSERT INTO rows SELECT 'ada', n, 'n' || (n % 3), CASE WHEN n % 3 = 0 THEN NULL ELSE printf('k%06d', n) END, n FROM seq`)
    const base = { text: 'SELECT created_at, name, nick, id FROM rows WHERE account = ?1', values: ['ada'] }
    for (const [sort, position] of Object.entries(middle)) {
      for (const query of [queryOf(sort, position), queryOf(sort, position, { backward: true })]) {
        const { text: statement, values } = render(compilePage(dialects.sqlite, query, ['id']), base, '?n')
        const details = database
          .prepare(`EXPLAIN QUERY PLAN ${statement}`)
          .all(...(values as string[]))
          .map((row) => String(row['detail']))
        expect(details.filter((detail) => detail.startsWith('SCAN rows'))).toEqual([])
        expect(details.filter((detail) => /^SEARCH rows USING (?:COVERING )?INDEX/.test(detail))).not.toEqual([])
      }
    }
    database.close()
  })
})

describe('the statement for MySQL', () => {
  it('is the expanded form behind a bound on the first key, with NULL placed by a term of its own', () => {
    const compiled = (sort: string, position: readonly (string | null)[] | undefined, backward = false) =>
      render(
        compilePage(dialects.mysql, queryOf(sort, position, { backward }), ['id']),
        { text: 'SELECT * FROM t WHERE account = ?', values: ['ada'] },
        '?',
      )
    const page = compiled('mixed', ['5', 'n', '7'])
    expect(page.text).toContain(
      'WHERE hf_b.`created_at` <= CAST(? AS SIGNED) AND ((hf_b.`created_at` < CAST(? AS SIGNED)) OR (hf_b.`created_at` = CAST(? AS SIGNED) AND hf_b.`name` COLLATE utf8mb4_bin > CAST(? AS CHAR CHARACTER SET utf8mb4)) OR ',
    )
    expect(page.values).toEqual(['ada', '5', '5', '5', 'n', '5', 'n', '7'])
    expect(page.text).toContain('ORDER BY hf_b.`created_at` DESC, hf_b.`name` COLLATE utf8mb4_bin, hf_b.`id` LIMIT 21')
    expect(compiled('nick', undefined).text).toContain('ORDER BY hf_b.`nick` IS NULL, hf_b.`nick` COLLATE utf8mb4_bin, hf_b.`id` LIMIT 21')
    expect(compiled('nick', ['k', '3'], true).text).toContain(
      'ORDER BY hf_b.`nick` IS NULL DESC, hf_b.`nick` COLLATE utf8mb4_bin DESC, hf_b.`id` DESC',
    )
    expect(compiled('nick', [null, '3']).text).toContain('WHERE ((hf_b.`nick` IS NULL AND hf_b.`id` > CAST(? AS SIGNED)))')
    expect(compiled('default', undefined).text).not.toContain('WHERE hf_b')
  })
})
