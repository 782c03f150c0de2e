import type { IncomingMessage, ServerResponse } from 'node:http'
import { defineApi, etagOf, expectationOf } from 'holdfast'
import { fromPostgres, fromSqlite, updateRow } from 'holdfast/concurrency/sql'
import type { Sql } from 'holdfast/concurrency/sql'
import { memory } from 'holdfast/memory'
import { holdfast } from 'holdfast/node'
import { sqlite } from 'holdfast/sqlite'
import { Pool } from 'pg'
import type { WriteKind } from './spec.ts'

interface Place {
  readonly read: Sql
  writing<T>(body: (sql: Sql) => Promise<T>): Promise<T>
}

interface Row {
  readonly n: number | string
  readonly version: number | string
}

const schema = 'CREATE TABLE IF NOT EXISTS counters (id integer PRIMARY KEY, n integer NOT NULL, version bigint NOT NULL)'
const reset = 'INSERT INTO counters (id, n, version) VALUES (1, 0, 1) ON CONFLICT (id) DO UPDATE SET n = 0, version = counters.version + 1'

async function open(database: string): Promise<Place> {
  if (database.startsWith('sqlite:')) {
    const store = sqlite(database.slice('sqlite:'.length), { busyTimeoutMs: 20_000 })
    await store.write((db) => db.exec(schema))
    return { read: fromSqlite(store.read), writing: (body) => store.write((db) => body(fromSqlite(db))) }
  }
  const sql = fromPostgres(new Pool({ connectionString: database, max: 16 }))
  await sql.query(schema, [])
  return { read: sql, writing: (body) => body(sql) }
}

/** A server of one counter, that callers read and write under its tag. */
export async function openCounter(database: string, write: WriteKind) {
  const place = await open(database)
  const find = async (): Promise<Row> => (await place.read.query('SELECT n, version FROM counters WHERE id = 1', []))[0] as unknown as Row

  const writers = {
    'compare-and-set': async (n: number) => {
      const expected = expectationOf()
      const change = { table: 'counters', key: { id: 1 }, set: { n }, expected, alwaysBump: true }
      return (await place.writing((sql) => updateRow(sql, change)))?.row as Row | undefined
    },
    'check-then-act': async (n: number) => {
      const row = await find()
      if (!expectationOf().verify({ state: row.version })) return undefined
      const update = 'UPDATE counters SET n = $1, version = version + 1 WHERE id = 1 RETURNING n, version'
      return (await place.writing((sql) => sql.query(update, [n])))[0] as unknown as Row
    },
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const answer = (row: Row | undefined): void => {
      if (row === undefined) return void response.writeHead(404, { 'content-length': 0 }).end()
      const text = `{"n":${row.n}}`
      response.writeHead(200, { 'content-type': 'application/json', etag: etagOf(row.version), 'content-length': text.length }).end(text)
    }
    if (request.method === 'GET') return answer(await find())
    if (request.method === 'POST') {
      await place.writing((sql) => sql.query(reset, []))
      return answer(await find())
    }
    let body = ''
    for await (const chunk of request) body += String(chunk)
    answer(await writers[write]((JSON.parse(body) as { n: number }).n))
  }

  const routes = { 'GET /counter': { precondition: 'optional' }, 'PUT /counter': { precondition: 'required' } } as const
  const api = defineApi({ store: memory(), singleTenant: true, routes })
  return { listener: holdfast(api, handle), counter: async () => Number((await find()).n) }
}
