import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { IDBFactory } from 'fake-indexeddb'
import pg from 'pg'
import { afterAll, describe, expect, it } from 'vitest'
import { describeWithPostgres } from '../../../../../test/servers/index.ts'
import { fakeClock } from '../../testing/index.ts'
import { outboxConformance } from './conformance/index.ts'
import { indexedDbOutbox } from './indexeddb/index.ts'
import type { IndexedDbFactory } from './indexeddb/index.ts'
import { memoryOutbox } from './memory/index.ts'
import { postgresOutbox } from './postgres/index.ts'
import { sqliteOutbox } from './sqlite/index.ts'

describe('the memory outbox', () => {
  for (const check of outboxConformance({ name: 'memory', open: async () => memoryOutbox(), histories: 200 })) it(check.name, check.run)
})

describe('the SQLite outbox', () => {
  const folder = mkdtempSync(join(tmpdir(), 'outbox-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  let count = 0
  const open = async () => sqliteOutbox(new DatabaseSync(count++ % 10 === 0 ? join(folder, `${count}.db`) : ':memory:'))
  for (const check of outboxConformance({ name: 'sqlite', open, histories: 60 })) it(check.name, check.run)

  it('puts every commit on the disk, and shares a file between connections', async () => {
    const path = join(folder, 'shared.db')
    const [first, second] = [new DatabaseSync(path), new DatabaseSync(path)]
    const stores = [sqliteOutbox(first), sqliteOutbox(second)] as const
    expect(first.prepare('PRAGMA synchronous').get()).toEqual({ synchronous: 2 })
    await Promise.all(
      Array.from({ length: 40 }, (_, at) =>
        stores[at % 2]?.add(
          { id: `e${at}`, lane: undefined, key: 'k', fingerprint: 'f', method: 'POST', url: 'u', headers: [], body: undefined },
          100,
        ),
      ),
    )
    expect(await stores[0].list({ limit: 100 })).toHaveLength(40)
  })

  it('waits for a writer elsewhere without holding up the process, and says so when that takes too long', async () => {
    const path = join(folder, 'busy.db')
    const clock = fakeClock()
    const store = sqliteOutbox(new DatabaseSync(path), { busyTimeoutMs: 150, clock })
    const other = new DatabaseSync(path)
    other.exec('BEGIN IMMEDIATE')
    const entry = { id: 'a', lane: undefined, key: 'k', fingerprint: 'f', method: 'POST', url: 'u', headers: [], body: undefined }
    let outcome: unknown = 'waits'
    void store.add(entry, 10).catch((error: unknown) => (outcome = error))
    for (let waitedMs = 0; waitedMs < 150; waitedMs += 5) {
      // The process has a turn, or this would never end.
      await new Promise((resolve) => void setImmediate(resolve))
      expect(outcome).toBe('waits')
      clock.advance(5)
    }
    await expect.poll(() => outcome).toMatchObject({ code: 'store-unavailable' })
    other.exec('COMMIT')
    expect(await store.add(entry, 10)).toMatchObject({ isNew: true })
  })

  it('refuses a table that is no name', () => {
    expect(() => sqliteOutbox(new DatabaseSync(':memory:'), { table: 'a"; DROP' })).toThrow('table: expected a name')
  })
})

describe('the IndexedDB outbox', () => {
  const open = async () => indexedDbOutbox({ factory: new IDBFactory() as unknown as IndexedDbFactory })
  for (const check of outboxConformance({ name: 'indexeddb', open })) it(check.name, check.run)
})

describeWithPostgres('the Postgres outbox', (url) => {
  const pool = new pg.Pool({ connectionString: url, max: 8 })
  const schema = `outbox_${process.pid}_${Date.now()}`
  const made = pool.query(`CREATE SCHEMA ${schema}`)
  afterAll(async () => {
    await pool.query(`DROP SCHEMA ${schema} CASCADE`)
    await pool.end()
  })
  let count = 0
  const open = async () => {
    await made
    return postgresOutbox(pool, { table: `${schema}.outbox_${count++}` })
  }
  for (const check of outboxConformance({ name: 'postgres', open, histories: 10 })) it(check.name, check.run)

  it('can be opened by many processes at once', async () => {
    await made
    const stores = Array.from({ length: 6 }, () => postgresOutbox(pool, { table: `${schema}.together` }))
    expect(await Promise.all(stores.map((store) => store.nextDueMs()))).toEqual(Array.from({ length: 6 }))
  })

  it('says that the store is away, and works once it is back', async () => {
    let isAway = true
    const store = postgresOutbox(
      { query: (text, values) => (isAway ? Promise.reject(new Error('away')) : pool.query(text, values)) },
      { table: `${schema}.back` },
    )
    await expect(store.nextDueMs()).rejects.toMatchObject({ code: 'store-unavailable' })
    isAway = false
    expect(await store.nextDueMs()).toBeUndefined()
  })

  it('refuses a table that is no name', () => {
    expect(() => postgresOutbox(pool, { table: 'a.b.c' })).toThrow('table: expected a name')
  })
})
