import { randomBytes } from 'node:crypto'
import { DatabaseSync } from 'node:sqlite'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { describeWithPostgres } from '../../../../../test/servers/index.ts'
import { guarded } from '../../../test/concurrency/guarded.ts'
import { anyState, expectTag, lastWriteOf, stateTag } from '../index.ts'
import { counterTable, deleteRow, fromPostgres, fromSqlite, insertRow, updateRow, updateRows, whereExpected } from './index.ts'
import type { RowChange, Sql } from './index.ts'

interface Place {
  readonly sql: Sql
  readonly table: string
  /** Runs something in a transaction, which is undone when it throws. */
  transaction<T>(body: (sql: Sql) => Promise<T>): Promise<T>
}

function scenarios(place: () => Place): void {
  const match = (state: number) => ({ 'if-match': stateTag(state) })
  const rowOf = async (id: string) => (await place().sql.query(`SELECT id, name, version FROM ${place().table} WHERE id = $1`, [id]))[0]
  const newRow = async (name = 'before'): Promise<string> => {
    const id = randomBytes(6).toString('hex')
    await insertRow(place().sql, { table: place().table, key: { id }, set: { name }, expected: anyState })
    return id
  }
  const change = (id: string, name: string | null, more: Partial<RowChange> = {}): RowChange => ({
    table: place().table,
    key: { id },
    set: { name },
    ...more,
  })
  const update = (headers: Readonly<Record<string, string>>, id: string, name: string | null, more: Partial<RowChange> = {}) =>
    guarded(headers, (expected) => updateRow(place().sql, change(id, name, { expected, ...more })))

  it('writes a row in the expected state, and counts its version up [C1]', async () => {
    const id = await newRow()
    const { status, result } = await update(match(1), id, 'after')
    expect([status, result?.changed, Number(result?.row['version']), result?.row['name']]).toEqual([200, true, 2, 'after'])
    expect(Object.keys(result?.row ?? {})).not.toContain('holdfast_version')
  })

  it('leaves a row in another state alone, and says which [C2]', async () => {
    const id = await newRow()
    await update(match(1), id, 'theirs')
    const { status, reply } = await update(match(1), id, 'mine')
    expect([status, reply.headers.get('etag')?.slice(0, 3)]).toEqual([412, '"2.'])
    expect(await rowOf(id)).toMatchObject({ name: 'theirs' })
    expect((await update({ 'if-match': `${stateTag(1)}, ${stateTag(2)}` }, id, 'one of two')).status).toBe(200)
    for (const tag of ['"other"', '"x", "y"', '"zz"']) expect((await update({ 'if-match': tag }, id, 'no')).status).toBe(412)
  })

  it('lets a row that is not there be missing [C9]', async () => {
    expect((await update(match(1), 'nobody', 'x')).status).toBe(404)
    expect((await update({ 'if-match': '*' }, 'nobody', 'x')).status).toBe(404)
    expect((await update({ 'if-match': '*' }, await newRow(), 'x')).status).toBe(200)
    expect((await update({ 'if-none-match': stateTag(1) }, await newRow(), 'x')).status).toBe(412)
    expect((await update({ 'if-none-match': stateTag(7) }, await newRow(), 'x')).status).toBe(200)
    expect((await update({ 'if-none-match': '*' }, await newRow(), 'x')).status).toBe(412)
    expect((await update({ 'if-match': stateTag(1), 'if-none-match': stateTag(1) }, await newRow(), 'x')).status).toBe(412)
    expect((await update({}, await newRow(), 'x')).status).toBe(200)
  })

  it('keeps version and tag where nothing changes, null included [C27]', async () => {
    const id = await newRow()
    const same = await update(match(1), id, 'before')
    expect([same.status, same.result?.changed, Number(same.result?.row['version'])]).toEqual([200, false, 1])
    expect((await update(match(2), id, 'before')).status).toBe(412)
    expect((await update(match(1), id, null)).result?.changed).toBe(true)
    expect((await update(match(2), id, null)).result?.changed).toBe(false)
    expect((await update(match(2), id, null, { alwaysBump: true })).result?.changed).toBe(true)
  })

  it('makes a row once, of many callers at once [C10]', async () => {
    const id = randomBytes(6).toString('hex')
    const all = await Promise.all(
      Array.from({ length: 12 }, (_, at) =>
        guarded(
          { 'if-none-match': '*' },
          (expected) => insertRow(place().sql, { table: place().table, key: { id }, set: { name: `${at}` }, expected }),
          { method: 'PUT' },
        ),
      ),
    )
    expect(all.map(({ status }) => status).toSorted()).toEqual([200, ...Array.from({ length: 11 }, () => 412)])
    expect(all.find(({ status }) => status === 412)?.reply.headers.get('etag')).toMatch(/^"1\./)
    const matched = await guarded(
      match(1),
      (expected) => insertRow(place().sql, { table: place().table, key: { id: `${id}x` }, set: { name: 'x' }, expected }),
      { method: 'PUT' },
    )
    expect([matched.status, await rowOf(`${id}x`)]).toEqual([412, undefined])
  })

  it('deletes a row in the expected state, and gives no version twice [C26]', async () => {
    const [id, counter] = [randomBytes(6).toString('hex'), `${place().table}_states`]
    const make = async () =>
      Number(
        (await insertRow(place().sql, { table: place().table, key: { id }, set: { name: 'x' }, counter, expected: anyState }))?.['version'],
      )
    const remove = (state: number) =>
      guarded(match(state), (expected) => deleteRow(place().sql, { table: place().table, key: { id }, expected }), { method: 'DELETE' })
    const first = await make()
    const second = Number((await updateRow(place().sql, change(id, 'y', { counter, expected: anyState })))?.row['version'])
    expect((await remove(first)).status).toBe(412)
    expect((await remove(second)).status).toBe(200)
    expect((await remove(second)).status).toBe(404)
    const third = await make()
    expect(new Set([first, second, third]).size).toBe(3)
    for (const old of [first, second]) expect((await update(match(old), id, 'stale')).status).toBe(412)
    expect((await update(match(third), id, 'fresh')).status).toBe(200)
  })

  it('changes several rows, all or none [C30]', async () => {
    const [a, b] = [await newRow('a'), await newRow('b')]
    const both = (tagOfA: string, tagOfB: string) =>
      guarded({}, (_expected, call) =>
        place().transaction((sql) =>
          updateRows(sql, [change(b, 'b2', { expected: expectTag(tagOfB, call) }), change(a, 'a2', { expected: expectTag(tagOfA, call) })]),
        ),
      )
    expect((await both(stateTag(1), stateTag(9))).status).toBe(412)
    expect((await both(stateTag(9), stateTag(1))).status).toBe(412)
    expect([await rowOf(a), await rowOf(b)]).toMatchObject([{ name: 'a' }, { name: 'b' }])
    const done = await both(stateTag(1), stateTag(1))
    expect([done.status, done.result?.map(({ row }) => row['name'])]).toEqual([200, ['b2', 'a2']])
  })

  it('takes a repeat of the last write for what it is, where the row remembers it [C20]', async () => {
    const id = await newRow()
    const write = (headers: Readonly<Record<string, string>>, name: string, remembers: boolean) =>
      guarded(headers, async (expected, call) =>
        updateRow(
          place().sql,
          change(id, name, {
            expected,
            ...(remembers && { lastWrite: { column: 'last_write', value: `${await lastWriteOf(call)} ${name}` } }),
          }),
        ),
      )
    expect((await write(match(1), 'lost', true)).status).toBe(200)
    const repeat = await write(match(1), 'lost', true)
    expect([repeat.status, repeat.result?.alreadyApplied, Number(repeat.result?.row['version'])]).toEqual([200, true, 2])
    expect((await write(match(1), 'lost', false)).status).toBe(412)
    expect((await write(match(1), 'another body', true)).status).toBe(412)
    await write(match(2), 'later', true)
    expect((await write(match(1), 'lost', true)).status).toBe(412)
  })

  it('lets one of fifty writers with one tag through [C4]', async () => {
    const id = await newRow()
    const all = await Promise.all(Array.from({ length: 50 }, (_, at) => update(match(1), id, `n${at}`)))
    expect(all.map(({ status }) => status).toSorted()).toEqual([200, ...Array.from({ length: 49 }, () => 412)])
  })

  it('shows the row as it is now to who prefers that [C22]', async () => {
    const id = await newRow()
    const { reply } = await update({ ...match(9), prefer: 'return=representation' }, id, 'x', { represent: ({ name }) => ({ name }) })
    expect(JSON.parse(reply.body as string)).toMatchObject({ code: 'version-conflict', current: { name: 'before' } })
  })

  it('gives its condition to statements written by hand', async () => {
    const id = await newRow()
    const byHand = (headers: Readonly<Record<string, string>>) =>
      guarded(headers, async (expected) => {
        const { text, values } = whereExpected(expected, 'version', 3)
        const rows = await place().sql.query(
          `UPDATE ${place().table} SET name = $1, version = version + 1 WHERE id = $2 AND ${text} RETURNING *`,
          ['hand', id, ...values],
        )
        return expected.settle(rows, async () => ({ state: (await rowOf(id))?.['version'] as number }))
      })
    expect((await byHand(match(1))).status).toBe(200)
    const stale = await byHand(match(1))
    expect([stale.status, stale.reply.headers.get('etag')?.slice(0, 3)]).toEqual([412, '"2.'])
  })
}

describe('conditional writes in SQLite', () => {
  const database = new DatabaseSync(':memory:')
  const sql = fromSqlite(database)
  beforeAll(() => {
    database.exec('CREATE TABLE things (id TEXT PRIMARY KEY, name TEXT, version INTEGER NOT NULL, last_write TEXT)')
    database.exec(counterTable('sqlite', 'things_states'))
  })
  afterAll(() => database.close())
  scenarios(() => ({
    sql,
    table: 'things',
    async transaction(body) {
      database.exec('BEGIN')
      try {
        const result = await body(sql)
        database.exec('COMMIT')
        return result
      } catch (error) {
        database.exec('ROLLBACK')
        throw error
      }
    },
  }))
})

describeWithPostgres('conditional writes in Postgres', (url) => {
  const table = `things_${randomBytes(5).toString('hex')}`
  let pool: pg.Pool
  beforeAll(async () => {
    pool = new pg.Pool({ connectionString: url, max: 8 })
    await pool.query(`CREATE TABLE ${table} (id text PRIMARY KEY, name text, version bigint NOT NULL, last_write text)`)
    await pool.query(counterTable('postgres', `${table}_states`))
  })
  afterAll(() => pool?.end())
  scenarios(() => ({
    sql: fromPostgres(pool),
    table,
    async transaction(body) {
      const client = await pool.connect()
      try {
        await client.query('BEGIN')
        const result = await body(fromPostgres(client))
        await client.query('COMMIT')
        return result
      } catch (error) {
        await client.query('ROLLBACK')
        throw error
      } finally {
        client.release()
      }
    },
  }))
})

describe('names of tables and columns', () => {
  it.each(['', 'a b', 'a"b', 'a;drop', 'a.b.c', '1a'])('are refused when they are none: %j', async (table) => {
    const sql = fromSqlite(new DatabaseSync(':memory:'))
    await expect(updateRow(sql, { table, key: { id: 1 }, set: {}, expected: anyState })).rejects.toThrow(
      'expected the name of a table or column',
    )
  })
})
