import { randomUUID } from 'node:crypto'
import { DatabaseSync } from 'node:sqlite'
import pg from 'pg'
import { afterAll, describe } from 'vitest'
import type { List } from '../../src/pagination/list.ts'
import { memoryList } from '../../src/pagination/memory.ts'
import type { MemoryValue } from '../../src/pagination/memory.ts'
import type { RowsReader } from '../../src/pagination/reader.ts'
import { sqlList } from '../../src/pagination/sql/reader.ts'
import type { SqlList } from '../../src/pagination/sql/reader.ts'
import { postgresUrl } from '../../../../test/servers/index.ts'

/** A row of a test's table; values as text, `null` is NULL. */
export type TestRow = Readonly<Record<string, string | null>>

/** Column types by name, in a form each store can make of it. */
export type Columns = Readonly<Record<string, 'integer' | 'numeric' | 'text' | 'timestamptz' | 'date' | 'uuid' | 'xid8'>>

/** A table with one list over it. */
export interface TestTable {
  readonly list: List
  insert(rows: readonly TestRow[]): Promise<void>
  remove(id: string): Promise<void>
  update(id: string, change: TestRow): Promise<void>
  /** Rows whose columns have these values. */
  reader(where?: TestRow): RowsReader<TestRow>
  /** Undefined in memory. */
  readonly sql: SqlList | undefined
  /** Sends a statement as it is; undefined in memory. */
  readonly run: ((text: string, values?: unknown[]) => Promise<Record<string, unknown>[]>) | undefined
  readonly name: string
}

/** One kind of store. */
export interface TableKit {
  readonly name: 'memory' | 'sqlite' | 'postgres'
  /** @param indexes what stands between the parentheses of CREATE INDEX */
  open(list: List, columns: Columns, indexes?: readonly string[]): Promise<TestTable>
}

async function openMemory(list: List): Promise<TestTable> {
  const rows = new Map<string, TestRow>()
  const readerOf = memoryList<TestRow>(
    list,
    Object.fromEntries([...list.keys.values()].map(({ name, column }) => [name, (row: TestRow): MemoryValue => row[column] ?? null])),
  )
  return {
    name: 'rows',
    list,
    sql: undefined,
    run: undefined,
    insert: async (added) => added.forEach((row) => rows.set(row['id'] as string, row)),
    remove: async (id) => void rows.delete(id),
    update: async (id, change) => {
      const row = rows.get(id)
      if (row) rows.set(id, { ...row, ...change })
    },
    // As a database does, it reads what is there when it is asked.
    reader: (where = {}) => {
      const now = (): RowsReader<TestRow> =>
        readerOf([...rows.values()].filter((row) => Object.entries(where).every(([name, value]) => row[name] === value)))
      return {
        read: (query) => now().read(query),
        highest: (query) => now().highest(query),
        count: (kind, query) => now().count(kind, query),
      }
    },
  }
}

/** The query of a list: everything as text but the keys, which stay what they are under their own names. */
function baseQuery(table: string, columns: Columns, where: TestRow, placeholder: (n: number) => string) {
  const conditions = Object.keys(where).map((name, index) => `${name} = ${placeholder(index + 1)}`)
  return {
    text: `SELECT ${Object.keys(columns)
      .flatMap((name) => [name, `CAST(${name} AS TEXT) AS shown_${name}`])
      .join(', ')} FROM ${table}${conditions.length > 0 ? ` WHERE ${conditions.join(' AND ')}` : ''}`,
    values: Object.values(where),
  }
}

const shown = (columns: Columns): string[] => Object.keys(columns).map((name) => `shown_${name}`)

function unshown(row: unknown): TestRow {
  return Object.fromEntries(Object.entries(row as TestRow).map(([name, value]) => [name.replace(/^shown_/, ''), value]))
}

function mapReader(reader: RowsReader<unknown>): RowsReader<TestRow> {
  return { ...reader, read: async (query) => (await reader.read(query)).map(({ row, keys }) => ({ row: unshown(row), keys })) }
}

async function openSqlite(list: List, columns: Columns, indexes: readonly string[] = []): Promise<TestTable> {
  const database = new DatabaseSync(':memory:')
  cleanUps.push(() => database.close())
  const types = Object.entries(columns).map(
    ([name, type]) =>
      `${name} ${type === 'integer' || type === 'xid8' ? 'INTEGER' : 'TEXT'}${name === 'id' ? ' NOT NULL PRIMARY KEY' : ''}`,
  )
  database.exec(`CREATE TABLE rows (${types.join(', ')})`)
  for (const [n, index] of indexes.entries())
    database.exec(
      `CREATE INDEX rows_${n} ON rows (${index.replaceAll('COLLATE "C"', 'COLLATE BINARY').replace(/NULLS (FIRST|LAST)/g, '')})`,
    )
  const sql = sqlList(list, { dialect: 'sqlite', columns: shown(columns) })
  return {
    list,
    sql,
    name: 'rows',
    run: async (text, values = []) => database.prepare(text).all(...(values as string[])) as Record<string, unknown>[],
    async insert(rows) {
      const names = Object.keys(columns).filter((name) => columns[name] !== 'xid8')
      const insert = database.prepare(
        `INSERT INTO rows (${names.join(', ')}) VALUES (${names.map((name) => (columns[name] === 'integer' ? 'CAST(? AS INTEGER)' : '?')).join(', ')})`,
      )
      database.exec('BEGIN')
      for (const row of rows) insert.run(...names.map((name) => row[name] ?? null))
      database.exec('COMMIT')
    },
    remove: async (id) =>
      void database.prepare(`DELETE FROM rows WHERE id = ${columns['id'] === 'integer' ? 'CAST(? AS INTEGER)' : '?'}`).run(id),
    update: async (id, change) => {
      for (const [name, value] of Object.entries(change))
        database
          .prepare(
            `UPDATE rows SET ${name} = ${columns[name] === 'integer' ? 'CAST(? AS INTEGER)' : '?'} WHERE id = ${columns['id'] === 'integer' ? 'CAST(? AS INTEGER)' : '?'}`,
          )
          .run(value, id)
    },
    reader: (where = {}) =>
      mapReader(
        sql.reader(
          baseQuery('rows', columns, where, (n) => `?${n}`),
          (text, values) => database.prepare(text).all(...(values as string[])),
        ),
      ),
  }
}

let pool: pg.Pool | undefined

/** The pool that tables of this file share. */
export function testPool(): pg.Pool {
  if (pool === undefined) {
    pool = new pg.Pool({ connectionString: postgresUrl(), max: 6 })
    cleanUps.push(() => pool?.end())
  }
  return pool
}

async function openPostgres(list: List, columns: Columns, indexes: readonly string[] = []): Promise<TestTable> {
  const clients = testPool()
  const table = `pages_${randomUUID().replaceAll('-', '')}`
  const types = Object.entries(columns).map(
    ([name, type]) =>
      `${name} ${type === 'integer' ? 'bigint' : type}${name === 'id' ? ' PRIMARY KEY' : ''}${type === 'xid8' ? ' DEFAULT pg_current_xact_id()' : ''}`,
  )
  await clients.query(`CREATE TABLE ${table} (${types.join(', ')})`)
  for (const index of indexes) await clients.query(`CREATE INDEX ON ${table} (${index})`)
  cleanUps.push(() => clients.query(`DROP TABLE ${table}`))
  const sql = sqlList(list, { dialect: 'postgres', columns: shown(columns) })
  const names = Object.keys(columns).filter((name) => columns[name] !== 'xid8')
  return {
    list,
    sql,
    name: table,
    run: async (text, values = []) => (await clients.query(text, values)).rows as Record<string, unknown>[],
    insert: async (rows) => {
      const lists = names.map((name) => rows.map((row) => row[name] ?? null))
      const arrays = names.map((name, n) => `$${n + 1}::${columns[name] === 'integer' ? 'bigint' : columns[name]}[]`)
      await clients.query(`INSERT INTO ${table} (${names.join(', ')}) SELECT * FROM unnest(${arrays.join(', ')})`, lists)
    },
    remove: async (id) => void (await clients.query(`DELETE FROM ${table} WHERE id = $1`, [id])),
    update: async (id, change) => {
      const sets = Object.keys(change).map((name, n) => `${name} = $${n + 2}`)
      await clients.query(`UPDATE ${table} SET ${sets.join(', ')} WHERE id = $1`, [id, ...Object.values(change)])
    },
    reader: (where = {}) =>
      mapReader(
        sql.reader(
          baseQuery(table, columns, where, (n) => `$${n}`),
          async (text, values) => (await clients.query(text, values)).rows,
        ),
      ),
  }
}

const cleanUps: (() => unknown)[] = []

/** Call in each file that opens tables. */
export function closeTablesAfterwards(): void {
  afterAll(async () => {
    for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp()
    pool = undefined
  })
}

export const memoryKit: TableKit = { name: 'memory', open: openMemory }
export const sqliteKit: TableKit = { name: 'sqlite', open: openSqlite }
export const postgresKit: TableKit = { name: 'postgres', open: openPostgres }

/** The stores of this machine. */
export const tableKits: readonly TableKit[] = [memoryKit, sqliteKit, ...(postgresUrl() === undefined ? [] : [postgresKit])]

/** Runs tests over every store, or some. */
export function describeTables(title: string, tests: (kit: TableKit) => void, kits: readonly TableKit[] = tableKits): void {
  describe.each(kits)(`${title}: $name`, tests)
}
