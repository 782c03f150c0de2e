import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { afterAll } from 'vitest'
import { changeDocument, expectationOf } from '../../src/concurrency/index.ts'
import type { DocumentStore, Expectation } from '../../src/concurrency/index.ts'
import { counterTable, deleteRow, fromPostgres, fromSqlite, insertRow, updateRow } from '../../src/concurrency/sql/index.ts'
import type { RowTarget, Sql } from '../../src/concurrency/sql/index.ts'
import { findCurrentCall, transactionFact } from '../../src/core/index.ts'
import { memoryDocuments } from '../../src/stores/memory/index.ts'
import { redisDocuments } from '../../src/stores/redis/index.ts'
import type { PostgresStore } from '../../src/stores/postgres/index.ts'
import type { SqliteStore } from '../../src/stores/sqlite/index.ts'
import { postgresUrl, redisUrl } from '../../../../test/servers/index.ts'
import { openIoredis } from '../redis/clients.ts'
import type { OpenStore, StoreKit } from '../scenarios/stores.ts'

/** A thing as it is stored. */
export interface Thing {
  readonly name: string
  readonly state: number
}

/** What a change came to: `undefined` is for the handler to answer as a thing that is not there. */
export interface Changed {
  readonly thing: Thing
  readonly made: boolean
  readonly changed: boolean
}

export type Represent = (thing: { readonly name: string }) => unknown

/** Things in one store, each written under the expectation of the current call, or the one given. */
export interface Things {
  read(id: string): Promise<Thing | undefined>
  list(): Promise<readonly (Thing & { readonly id: string })[]>
  /** Makes or replaces. `lastWrite` names the write, for the store to remember. */
  put(
    id: string,
    name: string,
    more?: { readonly lastWrite?: string; readonly represent?: Represent; readonly expected?: Expectation },
  ): Promise<Changed | undefined>
  /** Changes one that is there. */
  patch(id: string, change: (name: string) => string): Promise<Changed | undefined>
  remove(id: string): Promise<boolean>
}

function inDocuments(store: DocumentStore, known: Set<string>): Things {
  const name = (text: string) => (JSON.parse(text) as { name: string }).name
  const things: Things = {
    async read(id) {
      const found = await store.read(id)
      return found && { name: name(found.text), state: found.state }
    },
    async list() {
      const all = await Promise.all([...known].map(async (id) => ({ id, thing: await things.read(id) })))
      return all.flatMap(({ id, thing }) => (thing ? [{ id, ...thing }] : []))
    },
    async put(id, newName, { represent, expected = expectationOf() } = {}) {
      let made = false
      const done = await changeDocument<{ name: string }>(store, id, (before) => ((made = before === undefined), { name: newName }), {
        expected,
        ...(represent && { represent }),
      })
      known.add(id)
      return done && { thing: { name: newName, state: done.state }, made, changed: done.changed }
    },
    async patch(id, change) {
      const done = await changeDocument<{ name: string }>(store, id, (before) => before && { name: change(before.name) })
      return done?.document && { thing: { name: done.document.name, state: done.state }, made: false, changed: done.changed }
    },
    remove: async (id) => (await changeDocument(store, id, () => undefined)) !== undefined,
  }
  return things
}

function inSql(reader: Sql, writer: () => Sql, table: string, scope: string): Things {
  const counter = `${table}_states`
  const target = (id: string): RowTarget & { readonly table: string } => ({
    table,
    key: { scope, id },
    counter,
    returning: 'name, version',
  })
  const toThing = (row: Readonly<Record<string, unknown>>): Thing => ({ name: row['name'] as string, state: Number(row['version']) })
  const things: Things = {
    async read(id) {
      const [row] = await reader.query(`SELECT name, version FROM ${table} WHERE scope = $1 AND id = $2`, [scope, id])
      return row && toThing(row)
    },
    list: async () =>
      (await reader.query(`SELECT id, name, version FROM ${table} WHERE scope = $1 ORDER BY id`, [scope])).map((row) => ({
        id: row['id'] as string,
        ...toThing(row),
      })),
    async put(id, name, { lastWrite, represent, expected = expectationOf() } = {}) {
      const shown = represent && { represent: (row: Readonly<Record<string, unknown>>) => represent({ name: row['name'] as string }) }
      const updated = await updateRow(writer(), {
        ...target(id),
        set: { name },
        expected,
        ...(lastWrite !== undefined && { lastWrite: { column: 'last_write', value: lastWrite } }),
        ...shown,
      })
      if (updated !== undefined) return { thing: toThing(updated.row), made: false, changed: updated.changed }
      if ((await things.read(id)) !== undefined) return undefined
      const row = await insertRow(writer(), { ...target(id), set: { name }, expected, ...shown })
      return row && { thing: toThing(row), made: true, changed: true }
    },
    async patch(id, change) {
      const before = await things.read(id)
      if (before === undefined) return undefined
      const done = await updateRow(writer(), { ...target(id), set: { name: change(before.name) } })
      return done && { thing: toThing(done.row), made: false, changed: done.changed }
    },
    remove: async (id) => (await deleteRow(writer(), target(id))) !== undefined,
  }
  return things
}

const columns =
  '(scope TEXT NOT NULL, id TEXT NOT NULL, name TEXT NOT NULL, version BIGINT NOT NULL, last_write TEXT, PRIMARY KEY (scope, id))'

let shared: Promise<{ readonly pool: pg.Pool; readonly table: string }> | undefined
afterAll(async () => (await shared)?.pool.end())

async function makePostgresTable(): Promise<{ readonly pool: pg.Pool; readonly table: string }> {
  const table = `things_${randomBytes(5).toString('hex')}`
  const pool = new pg.Pool({ connectionString: postgresUrl() ?? '', max: 10 })
  await pool.query(`CREATE TABLE ${table} ${columns}`)
  await pool.query(counterTable('postgres', `${table}_states`))
  return { pool, table }
}

const documents = new WeakMap<object, Things>()
let redisClient: ReturnType<typeof openIoredis> | undefined
afterAll(async () => (await redisClient)?.disconnect())

/** Things beside a store's idempotency records: in the same database, where there is one. Opened again, they are the same things. */
export async function openThings({ store, namespace = 'one' }: OpenStore, kind: StoreKit['name']): Promise<Things> {
  switch (kind) {
    case 'memory': {
      const things = documents.get(store) ?? inDocuments(memoryDocuments(), new Set())
      documents.set(store, things)
      return things
    }
    case 'redis': {
      redisClient ??= openIoredis(redisUrl() ?? '')
      const things =
        documents.get(store) ??
        inDocuments(redisDocuments((await redisClient).command, { prefix: `{things-${randomBytes(6).toString('hex')}}:` }), new Set())
      documents.set(store, things)
      return things
    }
    case 'sqlite': {
      const { read, write, transaction } = store as unknown as SqliteStore
      await write((db) => {
        db.exec(`CREATE TABLE IF NOT EXISTS things ${columns}`)
        db.exec(counterTable('sqlite', 'things_states'))
      })
      // What a transaction has written is seen in it alone.
      const here = (): Sql => fromSqlite(isInTransaction() ? transaction() : read)
      return inSql({ dialect: 'sqlite', query: (text, values) => here().query(text, values) }, here, 'things', namespace)
    }
    case 'postgres': {
      shared ??= makePostgresTable()
      const { pool, table } = await shared
      const { transaction } = store as unknown as PostgresStore
      const here = (): Sql => fromPostgres(isInTransaction() ? transaction() : pool)
      return inSql({ dialect: 'postgres', query: (text, values) => here().query(text, values) }, here, table, namespace)
    }
  }
}

function isInTransaction(): boolean {
  return findCurrentCall()?.facts.get(transactionFact) !== undefined
}
