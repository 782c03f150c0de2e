import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { postgresUrl } from '../../../../test/servers/index.ts'
import { parseFlags } from '../../src/flags.ts'
import { startLedger } from '../../src/server.ts'
import { createClient } from './client.ts'
import type { Client } from './client.ts'

export const adapters = ['node', 'express', 'fastify', 'hono'] as const
export const stores = ['memory', 'sqlite', 'postgres'] as const

/** Stores that several processes can share, as far as this machine has them. */
export const durable: readonly StoreName[] = postgresUrl() === undefined ? ['sqlite'] : ['sqlite', 'postgres']

export type AdapterName = (typeof adapters)[number]
export type StoreName = (typeof stores)[number]

/** A database nobody else uses, and how to be rid of it. */
export interface TestStore {
  readonly url: string
  remove(): Promise<void>
}

/** Makes a database for a test. */
export async function makeStore(name: StoreName): Promise<TestStore> {
  switch (name) {
    case 'memory':
      return { url: 'memory:', remove: async () => undefined }
    case 'sqlite': {
      const folder = await mkdtemp(join(tmpdir(), 'ledger-'))
      return { url: `sqlite:${join(folder, 'ledger.db')}`, remove: () => rm(folder, { recursive: true, force: true }) }
    }
    case 'postgres':
      return makePostgres(postgresUrl() ?? '')
  }
}

async function makePostgres(server: string): Promise<TestStore> {
  const name = `ledger_${randomUUID().replaceAll('-', '')}`
  await administer(server, `CREATE DATABASE ${name}`)
  const url = new URL(server)
  url.pathname = `/${name}`
  return { url: url.href, remove: () => administer(server, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`) }
}

async function administer(server: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: server })
  await client.connect()
  await client.query(statement)
  await client.end()
}

/** A ledger in this process, over plain HTTP. */
export interface TestLedger extends Client {
  stop(): Promise<void>
}

/** Starts a ledger with test hooks on a database of its own. */
export async function startTestLedger(
  adapter: AdapterName,
  storeName: StoreName,
  flags: readonly string[] = ['--rate', '0'],
): Promise<TestLedger> {
  const store = await makeStore(storeName)
  const options = parseFlags(['--http', '--port', '0', '--adapter', adapter, '--store', store.url, '--test-hooks', ...flags], {})
  if (options === undefined) throw new Error('no options')
  const ledger = await startLedger(options, 'a secret for tests, of some length')
  return {
    ...createClient(ledger.url),
    async stop() {
      await ledger.stop()
      await store.remove()
    },
  }
}
