import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import pg from 'pg'
import { ask } from './client.ts'
import { endProcess, startProcess } from './process.ts'
import type { TestProcess } from './process.ts'

const program = new URL('../../../../../examples/ledger/src/main.ts', import.meta.url)

/** Ledger processes over one database, each at a port it keeps over restarts. */
export interface Fleet {
  readonly urls: readonly string[]
  /** The process at a place now. */
  worker(place: number): TestProcess
  /** SIGKILL, and the same again on the same port. Resolves when it takes calls. */
  crash(place: number): Promise<void>
  /** What is committed, read past the ledger and Holdfast. */
  rows(): Promise<LedgerRows>
  close(): Promise<void>
}

/** A transfer as it is in the database, and the sum of what all wallets hold. */
export interface LedgerRows {
  readonly transfers: readonly { readonly id: string; readonly key: string; readonly cents: number }[]
  readonly sumCents: number
  readonly transferEntries: number
}

/** Starts `size` ledgers over a database of their own: a SQLite file, or one in the Postgres server at `store`. */
export async function startFleet(store: string, size: number): Promise<Fleet> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-fleet-'))
  const database = store.startsWith('sqlite:') ? sqliteDatabase(join(folder, 'ledger.db')) : await postgresDatabase(store)
  const workers: TestProcess[] = []
  const urls: string[] = []

  async function start(place: number): Promise<void> {
    const port = urls[place] === undefined ? '0' : new URL(urls[place]).port
    const args = ['--http', '--port', port, '--rate', '0', '--test-hooks', '--store', database.url]
    const worker = startProcess(program, args, { cwd: folder, env: { HOLDFAST_SECRET: 'a secret for tests, of some length' } })
    workers[place] = worker
    const [, url = ''] = await worker.says(/^ledger ready (\S+)$/m)
    urls[place] = url
  }

  async function close(): Promise<void> {
    await Promise.all(workers.map(endProcess))
    await database.remove()
    await rm(folder, { recursive: true, force: true })
  }

  try {
    await Promise.all(Array.from({ length: size }, (_, place) => start(place)))
  } catch (error) {
    await close()
    throw error
  }
  const worker = (place: number): TestProcess => {
    const found = workers[place]
    if (found === undefined) throw new Error(`there is no worker ${place}`)
    return found
  }
  return {
    urls,
    worker,
    async crash(place) {
      await endProcess(worker(place))
      await start(place)
    },
    rows: database.rows,
    close,
  }
}

interface Database {
  readonly url: string
  rows(): Promise<LedgerRows>
  remove(): Promise<void>
}

const queries = {
  transfers: 'SELECT id, request_key AS key, amount FROM transfers',
  sum: 'SELECT COALESCE(SUM(balance), 0) AS n FROM wallets',
  entries: 'SELECT COUNT(*) AS n FROM entries WHERE transfer IS NOT NULL',
} as const

type Row = Readonly<Record<string, unknown>>

async function readRows(query: (sql: string) => Promise<Row[]> | Row[]): Promise<LedgerRows> {
  const [transfers, [sum], [entries]] = [await query(queries.transfers), await query(queries.sum), await query(queries.entries)]
  return {
    transfers: transfers.map(({ id, key, amount }) => ({ id: String(id), key: String(key), cents: Number(amount) })),
    sumCents: Number(sum?.['n']),
    transferEntries: Number(entries?.['n']),
  }
}

function sqliteDatabase(path: string): Database {
  return {
    url: `sqlite:${path}`,
    async rows() {
      const database = new DatabaseSync(path, { readOnly: true, timeout: 10_000 })
      try {
        return await readRows((sql) => database.prepare(sql).all() as Row[])
      } finally {
        database.close()
      }
    },
    remove: async () => undefined,
  }
}

async function postgresDatabase(server: string): Promise<Database> {
  const name = `chaos_${randomBytes(8).toString('hex')}`
  const url = Object.assign(new URL(server), { pathname: `/${name}` }).href
  await withPostgres(server, (client) => client.query(`CREATE DATABASE ${name}`))
  return {
    url,
    rows: () => withPostgres(url, (client) => readRows(async (sql) => (await client.query<Row>(sql)).rows)),
    remove: async () => void (await withPostgres(server, (client) => client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`))),
  }
}

async function withPostgres<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

/** What every caller of the ledger sends. */
export const asAlice = { authorization: 'Bearer key_alice' } as const

/** Opens a wallet, with money in it, and gives its id. */
export async function openWallet(url: string, opening: string): Promise<string> {
  const body = JSON.stringify({ owners: ['Ann'], display_name: 'Ann', currency: 'EUR', opening_balance: opening })
  const headers = { ...asAlice, 'content-type': 'application/json', 'idempotency-key': randomBytes(8).toString('hex') }
  const answer = await ask(url, '/wallets', 'POST', headers, body)
  if (answer.status !== 201) throw new Error(`no wallet: ${answer.status} ${answer.body}`)
  return (JSON.parse(answer.body) as { id: string }).id
}

/** The body of a transfer. */
export function transferOf(source: string, destination: string, cents: number): object {
  return { source: { id: source }, destination: { id: destination }, amount: { value: (cents / 100).toFixed(2), currency: 'EUR' } }
}
