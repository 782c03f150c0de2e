import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll } from 'vitest'
import type { Store } from '../../src/api/declaration.ts'
import { currentCall, transactionFact } from '../../src/core/index.ts'
import type { Guarantee, IdempotencyStore } from '../../src/idempotency/index.ts'
import { memory } from '../../src/stores/memory/index.ts'
import { postgres } from '../../src/stores/postgres/index.ts'
import { redis } from '../../src/stores/redis/index.ts'
import { sqlite } from '../../src/stores/sqlite/index.ts'
import { postgresUrl, redisUrl } from '../../../../test/servers/index.ts'
import { openIoredis, uniquePrefix } from '../redis/clients.ts'

/** A store with a place for effects: in its own database, where it can commit both together. */
export interface OpenStore {
  readonly store: Store & { readonly idempotency: IdempotencyStore }
  /** Tells this store from others in the same tables. */
  readonly namespace?: string
  /** Writes one effect: in the transaction of the current call, where there is one. */
  add(effect: string): Promise<void>
  effects(): Promise<number>
  /** The same records and effects through connections of their own, as another process has them. */
  twin(): Promise<OpenStore>
  /** Everything that is stored, as text. */
  dump(): Promise<string>
  /** Loses every record, as a restart without persistence does. */
  forget?(): Promise<void>
  /** Makes the store refuse everything. Of a twin, where several opened stores share connections. */
  close(): Promise<void>
}

/** One kind of store, as scenarios see it. */
export interface StoreKit {
  readonly name: 'memory' | 'sqlite' | 'postgres' | 'redis'
  /** The strongest promise it can keep without steps. */
  readonly strongest: Guarantee
  /** `undefined`: the machine has no such server. */
  readonly open: (() => Promise<OpenStore>) | undefined
}

const cleanUps: (() => Promise<unknown> | void)[] = []

/** Closes what scenarios have opened. */
export async function closeStores(): Promise<void> {
  for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp()
}

async function openMemory(): Promise<OpenStore> {
  const store = memory()
  const list: string[] = []
  const open: OpenStore = {
    store,
    add: async (effect) => void list.push(effect),
    effects: async () => list.length,
    twin: async () => open,
    dump: async () => '',
    close: () => store.close(),
  }
  return open
}

async function openSqlite(): Promise<OpenStore> {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-scenario-'))
  const path = join(folder, 'api.db')
  cleanUps.push(() => rmSync(folder, { recursive: true, force: true }))
  const connect = (): OpenStore => {
    const store = sqlite(path)
    let isOpen = true
    const close = async (): Promise<void> => {
      if (isOpen) await store.close()
      isOpen = false
    }
    cleanUps.push(close)
    return {
      store,
      async add(effect) {
        const insert = 'INSERT INTO effects (name) VALUES (?)'
        if (currentCall().facts.get(transactionFact) === undefined) await store.write((db) => void db.prepare(insert).run(effect))
        else store.transaction().prepare(insert).run(effect)
      },
      effects: async () => (store.read.prepare('SELECT count(*) AS rows FROM effects').get() as { rows: number }).rows,
      twin: async () => connect(),
      dump: async () => [path, `${path}-wal`].map((file) => readFileSync(file).toString('latin1')).join(),
      close,
    }
  }
  const first = connect()
  await (first.store as ReturnType<typeof sqlite>).write((db) => db.exec('CREATE TABLE effects (name TEXT NOT NULL)'))
  return first
}

interface SharedTables {
  readonly pool: pg.Pool
  readonly table: string
}

let shared: Promise<SharedTables> | undefined
afterAll(async () => (await shared)?.pool.end())

/** Tables for a whole file of scenarios: making them takes longer than most scenarios. */
async function makeTables(url: string): Promise<SharedTables> {
  const table = `scenario_${randomBytes(6).toString('hex')}`
  const pool = new pg.Pool({ connectionString: url, max: 12 })
  await postgres(pool, { table }).migrate()
  await pool.query(`CREATE TABLE ${table}_effects (label text, name text)`)
  return { pool, table }
}

async function openPostgres(url: string): Promise<OpenStore> {
  shared ??= makeTables(url)
  const { pool, table } = await shared
  const label = randomBytes(6).toString('hex')
  const connect = (connections: pg.Pool, close: () => Promise<void>): OpenStore => {
    const store = postgres(connections, { table })
    return {
      store,
      namespace: label,
      async add(effect) {
        const isInTransaction = currentCall().facts.get(transactionFact) !== undefined
        await (isInTransaction ? store.transaction() : connections).query(`INSERT INTO ${table}_effects VALUES ($1, $2)`, [label, effect])
      },
      effects: async () =>
        (await pool.query(`SELECT count(*)::int AS rows FROM ${table}_effects WHERE label = $1`, [label])).rows[0].rows as number,
      async twin() {
        const own = new pg.Pool({ connectionString: url, max: 12 })
        let isOpen = true
        const end = async (): Promise<void> => {
          if (isOpen) await own.end()
          isOpen = false
        }
        cleanUps.push(end)
        return connect(own, end)
      },
      dump: async () =>
        (await pool.query(`SELECT t::text AS row, encode(t.answer, 'escape') AS answer FROM ${table} t`)).rows
          .map((row) => `${row.row} ${row.answer}`)
          .join('\n'),
      close,
    }
  }
  return connect(pool, async () => {})
}

async function openRedis(url: string): Promise<OpenStore> {
  const prefix = uniquePrefix()
  const list: string[] = []
  const connect = async (): Promise<OpenStore> => {
    const { client, command, disconnect } = await openIoredis(url)
    const store = redis(command, { prefix })
    cleanUps.push(disconnect)
    return {
      store,
      add: async (effect) => void list.push(effect),
      effects: async () => list.length,
      twin: connect,
      async forget() {
        const keys = await client.keys(`${prefix}*`)
        if (keys.length > 0) await client.del(...keys)
      },
      async dump() {
        const keys = await client.keys(`${prefix}*`)
        const values = await Promise.all(keys.map(async (key) => `${key} ${JSON.stringify(await client.hgetall(key).catch(() => ''))}`))
        return values.join('\n')
      },
      close: () => store.close(),
    }
  }
  return connect()
}

const [postgresAt, redisAt] = [postgresUrl(), redisUrl()]

export const storeKits: readonly StoreKit[] = [
  { name: 'memory', strongest: 'at-most-once', open: openMemory },
  { name: 'sqlite', strongest: 'exactly-once', open: openSqlite },
  { name: 'postgres', strongest: 'exactly-once', open: postgresAt === undefined ? undefined : () => openPostgres(postgresAt) },
  { name: 'redis', strongest: 'at-most-once', open: redisAt === undefined ? undefined : () => openRedis(redisAt) },
]
