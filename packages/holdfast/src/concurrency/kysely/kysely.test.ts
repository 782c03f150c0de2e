import { randomBytes } from 'node:crypto'
import { DatabaseSync } from 'node:sqlite'
import { Kysely, PostgresDialect, SqliteDialect } from 'kysely'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { describeWithPostgres } from '../../../../../test/servers/index.ts'
import { guarded } from '../../../test/concurrency/guarded.ts'
import { anyState, stateTag } from '../index.ts'
import { expecting } from './index.ts'

interface Tables {
  notes: { id: string; text: string; version: number }
}

/** node:sqlite as Kysely's dialect takes it, which is made for better-sqlite3. */
function overNodeSqlite(database: DatabaseSync): ConstructorParameters<typeof SqliteDialect>[0]['database'] {
  return {
    close: () => database.close(),
    prepare: (sql: string) => {
      const statement = database.prepare(sql)
      return {
        reader: statement.columns().length > 0,
        all: (values: readonly unknown[]) => statement.all(...(values as never[])),
        run: (values: readonly unknown[]) => statement.run(...(values as never[])),
        iterate: (values: readonly unknown[]) => statement.iterate(...(values as never[])),
      }
    },
  } as never
}

function scenarios(open: () => Kysely<Tables>): void {
  const newNote = async (): Promise<string> => {
    const id = randomBytes(6).toString('hex')
    await open().insertInto('notes').values({ id, text: 'before', version: 1 }).execute()
    return id
  }
  const current = async (id: string) => {
    const [row] = await open().selectFrom('notes').select('version').where('id', '=', id).execute()
    return row && { state: row.version }
  }
  const update = (headers: Readonly<Record<string, string>>, id: string, text: string) =>
    guarded(headers, async (expected) => {
      const rows = await open()
        .updateTable('notes')
        .set((eb) => ({ text, version: eb('version', '+', 1) }))
        .where('id', '=', id)
        .$call(expecting('version', expected))
        .returningAll()
        .execute()
      return expected.settle(rows, () => current(id))
    })

  it('updates what is in the expected state, and nothing else [C1] [C2] [C9]', async () => {
    const id = await newNote()
    const done = await update({ 'if-match': stateTag(1) }, id, 'after')
    expect([done.status, done.result?.text, Number(done.result?.version)]).toEqual([200, 'after', 2])
    const stale = await update({ 'if-match': stateTag(1) }, id, 'stale')
    expect([stale.status, stale.reply.headers.get('etag')?.slice(0, 3)]).toEqual([412, '"2.'])
    const statuses = [
      await update({ 'if-match': `${stateTag(1)}, ${stateTag(2)}` }, id, 'listed'),
      await update({ 'if-match': '"other"' }, id, 'none'),
      await update({ 'if-match': '*' }, id, 'any'),
      await update({ 'if-none-match': '*' }, id, 'absent'),
      await update({ 'if-none-match': stateTag(9) }, id, 'another'),
      await update({ 'if-match': '*' }, 'nobody', 'missing'),
    ].map(({ status }) => status)
    expect(statuses).toEqual([200, 412, 200, 412, 200, 404])
  })

  it('lets one of many writers with one tag through [C4]', async () => {
    const id = await newNote()
    const all = await Promise.all(Array.from({ length: 20 }, (_, at) => update({ 'if-match': stateTag(1) }, id, `n${at}`)))
    expect(all.map(({ status }) => status).toSorted()).toEqual([200, ...Array.from({ length: 19 }, () => 412)])
  })

  it('adds nothing for who expects nothing', () => {
    const query = open().deleteFrom('notes').where('id', '=', 'x')
    expect(query.$call(expecting('version', anyState)).compile().sql).toBe(query.compile().sql)
  })
}

describe('a Kysely query on SQLite', () => {
  const database = new DatabaseSync(':memory:')
  const db = new Kysely<Tables>({ dialect: new SqliteDialect({ database: overNodeSqlite(database) }) })
  beforeAll(() => database.exec('CREATE TABLE notes (id TEXT PRIMARY KEY, text TEXT NOT NULL, version INTEGER NOT NULL)'))
  afterAll(() => db.destroy())
  scenarios(() => db)
})

describeWithPostgres('a Kysely query on Postgres', (url) => {
  const schema = `kysely_${randomBytes(5).toString('hex')}`
  let db: Kysely<Tables>
  beforeAll(async () => {
    const pool = new pg.Pool({ connectionString: url, max: 4, options: `-c search_path=${schema}` })
    await pool.query(`CREATE SCHEMA ${schema}`)
    await pool.query('CREATE TABLE notes (id text PRIMARY KEY, text text NOT NULL, version bigint NOT NULL)')
    db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) })
  })
  afterAll(() => db?.destroy())
  scenarios(() => db)
})
