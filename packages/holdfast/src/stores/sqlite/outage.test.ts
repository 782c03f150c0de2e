import { chmodSync, writeFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { claimOf, recordingOpen, temporaryFolder } from '../../../test/sqlite/support.ts'
import { sqlite } from './index.ts'
import type { SqliteDatabase, SqliteDriver } from './index.ts'

const folder = temporaryFolder()
const unavailable = { code: 'store-unavailable', cause: expect.anything() }
const megabyte = new Uint8Array(1_048_576)

afterEach(() => void vi.restoreAllMocks())

describe('an outage of the SQLite store', () => {
  it('refuses to open a file in a folder that does not exist', () => {
    expect(() => sqlite(folder.file('absent/ledger.db'))).toThrow(expect.objectContaining(unavailable))
  })

  it('refuses to open a file that is no database', () => {
    const path = folder.file('text.db')
    writeFileSync(path, 'this is text, and longer than the header of a database'.repeat(20))
    expect(() => sqlite(path)).toThrow(expect.objectContaining(unavailable))
  })

  it.skipIf(process.getuid?.() === 0)('refuses to open a file it may not write', () => {
    const path = folder.file('read-only.db')
    new DatabaseSync(path).close()
    chmodSync(path, 0o400)
    expect(() => sqlite(path)).toThrow(expect.objectContaining(unavailable))
  })

  it('answers with store-unavailable while the disk is full, keeps nothing of what failed, and works again when there is room', async () => {
    const { connections, open } = recordingOpen()
    const store = sqlite(folder.file('full.db'), { open })
    await store.write((db) => db.exec('CREATE TABLE blobs (bytes BLOB)'))
    // SQLite reports the same SQLITE_FULL for its own limit on pages as for the disk's.
    connections[0]?.exec('PRAGMA max_page_count = 100')
    const insert = (db: SqliteDatabase): unknown => db.prepare('INSERT INTO blobs VALUES (?)').run(megabyte)
    await expect(store.write(insert)).rejects.toMatchObject(unavailable)
    const small = store.write((db) => db.exec("INSERT INTO blobs VALUES (x'00')"))
    const answer = store.idempotency.transact?.(claimOf('big', 'o1'), async () => ({ commit: megabyte, retentionMs: 1000 }))
    await expect(answer).rejects.toMatchObject(unavailable)
    // It was in the group that SQLite rolled back, or in the one before: refused whole, or kept whole.
    await small.catch(() => {})
    connections[0]?.exec('PRAGMA max_page_count = 100000')
    await store.write(insert)
    expect(await store.idempotency.transact?.(claimOf('big', 'o2'), async () => ({ commit: megabyte, retentionMs: 1000 }))).toEqual({
      kind: 'committed',
    })
    expect((store.read.prepare('SELECT count(*) AS n FROM blobs WHERE length(bytes) > 1').get() as { n: number }).n).toBe(1)
    await store.close()
  })

  it('refuses a handler that goes on after SQLite has rolled everything back, and lets the next one run', async () => {
    let connection: DatabaseSync | undefined
    const store = sqlite(folder.file('rolled-back.db'), { open: (path) => (connection = new DatabaseSync(path)) })
    const writers: DatabaseSync[] = []
    await store.write((db) => db.exec('CREATE TABLE notes (text TEXT)'))
    await store.close()
    const again = sqlite(folder.file('rolled-back.db'), {
      open: (path) => {
        const opened = new DatabaseSync(path)
        writers.push(opened)
        return opened
      },
    })
    // A group takes in jobs for 5 ms; without time, both belong to one.
    vi.spyOn(performance, 'now').mockReturnValue(0)
    const results = await Promise.allSettled([
      again.write((db) => db.exec("INSERT INTO notes VALUES ('a')")),
      again.write((db) => {
        // What SQLite does by itself on some errors of the disk.
        writers[0]?.exec('ROLLBACK')
        expect(() => db.exec("INSERT INTO notes VALUES ('stray')")).toThrow('rolled the transaction back')
      }),
    ])
    for (const result of results) expect(result).toMatchObject({ status: 'rejected', reason: { code: 'store-unavailable' } })
    await again.write((db) => db.exec("INSERT INTO notes VALUES ('b')"))
    expect(again.read.prepare('SELECT text FROM notes').all()).toEqual([{ text: 'b' }])
    await again.close()
    expect(connection).toBeDefined()
  })

  it('does so with drivers of another kind, which tell by another name', async () => {
    const writers: DatabaseSync[] = []
    const open = (path: string): SqliteDriver => {
      const database = new DatabaseSync(path)
      writers.push(database)
      return {
        exec: (sql) => database.exec(sql),
        prepare: (sql) => database.prepare(sql),
        close: () => database.close(),
        // As better-sqlite3 has it.
        get inTransaction() {
          return database.isTransaction
        },
      }
    }
    const store = sqlite(folder.file('other-driver.db'), { open })
    await store.write((db) => db.exec('CREATE TABLE notes (text TEXT)'))
    const lost = store.write((db) => {
      writers[0]?.exec('ROLLBACK')
      db.exec("INSERT INTO notes VALUES ('stray')")
    })
    await expect(lost).rejects.toMatchObject({ code: 'store-unavailable' })
    expect(store.read.prepare('SELECT text FROM notes').all()).toEqual([])
    await store.close()
  })

  it('answers every operation with store-unavailable after its connection was closed under it', async () => {
    const connections: DatabaseSync[] = []
    const store = sqlite(folder.file('closed.db'), {
      open: (path) => {
        const opened = new DatabaseSync(path)
        connections.push(opened)
        return opened
      },
    })
    for (const connection of connections) connection.close()
    await expect(store.write(() => 1)).rejects.toMatchObject(unavailable)
    await expect(store.idempotency.claim(claimOf('k', 'o'))).rejects.toMatchObject(unavailable)
    await expect(store.idempotency.lookup('k')).rejects.toMatchObject(unavailable)
    await expect(store.idempotency.collect(1)).rejects.toMatchObject(unavailable)
    expect((await store.idempotency.doctor()).map(({ code }) => code)).toContain('sqlite-not-writable')
    await store.close()
  })
})
