import { randomBytes } from 'node:crypto'
import { DatabaseSync } from 'node:sqlite'
import { and, eq, inArray, isNull, notInArray, sql } from 'drizzle-orm'
import { drizzle as overPg } from 'drizzle-orm/node-postgres'
import { bigint, pgSchema, text as pgText } from 'drizzle-orm/pg-core'
import { integer, sqliteTable, text as sqliteText } from 'drizzle-orm/sqlite-core'
import { drizzle as overProxy } from 'drizzle-orm/sqlite-proxy'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { describeWithPostgres } from '../../../../../test/servers/index.ts'
import { guarded } from '../../../test/concurrency/guarded.ts'
import { anyState, stateTag } from '../index.ts'
import type { Expectation } from '../index.ts'
import { expectingWith } from './index.ts'

const expecting = expectingWith({ and, inArray, notInArray, isNull })

interface Note {
  readonly id: string
  readonly text: string
  readonly version: number
}

interface Notes {
  insert(note: Note): Promise<unknown>
  update(id: string, text: string, expected: Expectation): Promise<Note[]>
  versionOf(id: string): Promise<number | undefined>
}

function scenarios(open: () => Notes): void {
  const newNote = async (): Promise<string> => {
    const id = randomBytes(6).toString('hex')
    await open().insert({ id, text: 'before', version: 1 })
    return id
  }
  const update = (headers: Readonly<Record<string, string>>, id: string, text: string) =>
    guarded(headers, async (expected) =>
      expected.settle(await open().update(id, text, expected), async () => {
        const version = await open().versionOf(id)
        return version === undefined ? undefined : { state: version }
      }),
    )

  it('updates what is in the expected state, and nothing else [C1] [C2] [C9]', async () => {
    const id = await newNote()
    expect((await update({ 'if-match': stateTag(1) }, id, 'after')).result).toEqual({ id, text: 'after', version: 2 })
    const statuses = [
      await update({ 'if-match': stateTag(1) }, id, 'stale'),
      await update({ 'if-match': `${stateTag(1)}, ${stateTag(2)}`, 'if-none-match': stateTag(7) }, id, 'both'),
      await update({ 'if-match': '"other"' }, id, 'none'),
      await update({ 'if-match': '*' }, id, 'any'),
      await update({ 'if-none-match': '*' }, id, 'absent'),
      await update({ 'if-none-match': stateTag(9) }, id, 'another'),
      await update({ 'if-match': '*' }, 'nobody', 'missing'),
    ].map(({ status }) => status)
    expect(statuses).toEqual([412, 200, 412, 200, 412, 200, 404])
  })

  it('lets one of many writers with one tag through [C4]', async () => {
    const id = await newNote()
    const all = await Promise.all(Array.from({ length: 20 }, (_, at) => update({ 'if-match': stateTag(1) }, id, `n${at}`)))
    expect(all.map(({ status }) => status).toSorted()).toEqual([200, ...Array.from({ length: 19 }, () => 412)])
  })
}

describe('a Drizzle query on SQLite', () => {
  const database = new DatabaseSync(':memory:')
  const notes = sqliteTable('notes', { id: sqliteText().primaryKey(), text: sqliteText().notNull(), version: integer().notNull() })
  const db = overProxy(async (text, values, method) => {
    const statement = database.prepare(text)
    statement.setReturnArrays(true)
    const rows = statement.all(...(values as never[])) as unknown as unknown[][]
    return { rows: method === 'get' ? (rows[0] as unknown[]) : rows }
  })
  beforeAll(() => database.exec('CREATE TABLE notes (id TEXT PRIMARY KEY, text TEXT NOT NULL, version INTEGER NOT NULL)'))
  afterAll(() => database.close())
  scenarios(() => ({
    insert: async (note) => db.insert(notes).values(note),
    update: async (id, text, expected) =>
      db
        .update(notes)
        .set({ text, version: sql`${notes.version} + 1` })
        .where(and(eq(notes.id, id), expecting(notes.version, expected)))
        .returning(),
    versionOf: async (id) => (await db.select().from(notes).where(eq(notes.id, id)))[0]?.version,
  }))

  it('adds nothing for who expects nothing', () => {
    expect(expecting(notes.version, anyState)).toBeUndefined()
  })
})

describeWithPostgres('a Drizzle query on Postgres', (url) => {
  const schema = pgSchema(`drizzle_${randomBytes(5).toString('hex')}`)
  const notes = schema.table('notes', {
    id: pgText().primaryKey(),
    text: pgText().notNull(),
    version: bigint({ mode: 'number' }).notNull(),
  })
  let pool: pg.Pool
  beforeAll(async () => {
    pool = new pg.Pool({ connectionString: url, max: 4 })
    await pool.query(`CREATE SCHEMA "${schema.schemaName}"`)
    await pool.query(`CREATE TABLE "${schema.schemaName}".notes (id text PRIMARY KEY, text text NOT NULL, version bigint NOT NULL)`)
  })
  afterAll(() => pool?.end())
  scenarios(() => {
    const db = overPg(pool)
    return {
      insert: async (note) => db.insert(notes).values(note),
      update: async (id, text, expected) =>
        db
          .update(notes)
          .set({ text, version: sql`${notes.version} + 1` })
          .where(and(eq(notes.id, id), expecting(notes.version, expected)))
          .returning(),
      versionOf: async (id) => (await db.select().from(notes).where(eq(notes.id, id)))[0]?.version,
    }
  })
})
