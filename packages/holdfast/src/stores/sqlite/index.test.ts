import { symlinkSync, writeFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { pathToFileURL } from 'node:url'
import { describe, expect, it } from 'vitest'
import { createCall, runWithCall, toFields, transactionFact } from '../../core/index.ts'
import { fakeClock } from '../../testing/index.ts'
import { claimOf, temporaryFolder } from '../../../test/sqlite/support.ts'
import { sqlite } from './index.ts'

const folder = temporaryFolder()
const someCall = () => createCall({ method: 'POST', url: '/notes', headers: toFields() })
const answer = { commit: new Uint8Array([1]), retentionMs: 1000 }

describe('sqlite()', () => {
  it.each(['file.db', ':memory:'])('gives handlers the handle of their call, and keeps effects and answer together: %s', async (name) => {
    const store = sqlite(name === ':memory:' ? name : folder.file(name))
    await store.write((db) => db.exec('CREATE TABLE notes (text TEXT NOT NULL)'))
    const call = someCall()
    await store.idempotency.transact?.(claimOf('k', 'o'), async ({ transaction }) => {
      call.facts.set(transactionFact, transaction)
      runWithCall(call, () => store.transaction().prepare('INSERT INTO notes VALUES (?)').run('a'))
      store.transaction(call).prepare('INSERT INTO notes VALUES ($text)').run({ $text: 'b' })
      return answer
    })
    expect(store.read.prepare('SELECT text FROM notes').all()).toEqual([{ text: 'a' }, { text: 'b' }])
    expect((await store.idempotency.claim(claimOf('k', 'o2'))).kind).toBe('done')
    await store.close()
  })

  it.each(['link', 'URI'])('puts on the disk what it writes through a %s to the file', async (kind) => {
    const file = folder.file(`${kind}-target.db`)
    const path = kind === 'URI' ? pathToFileURL(file).href : folder.file('link.db')
    if (kind === 'link') {
      writeFileSync(file, '')
      symlinkSync(file, path)
    }
    const store = sqlite(path)
    await store.write((db) => db.exec('CREATE TABLE notes (text TEXT)'))
    expect((await store.idempotency.doctor()).map(({ code }) => code)).not.toContain('sqlite-not-writable')
    await store.close()
  })

  it('says what to do when a call runs in no transaction', async () => {
    const store = sqlite(':memory:')
    expect(() => store.transaction()).toThrow('currentCall() was called outside a handler')
    expect(() => store.transaction(someCall())).toThrow("{ idempotency: 'exactly-once' }")
    await store.close()
  })

  it('does not let the read handle write', async () => {
    const store = sqlite(folder.file('query-only.db'))
    await store.write((db) => db.exec('CREATE TABLE notes (text TEXT NOT NULL)'))
    expect(() => store.read.exec("INSERT INTO notes VALUES ('x')")).toThrow('readonly')
    await store.close()
  })

  it.each([[''], [undefined], [{}]])('refuses a path that is none: %j', (path) => {
    expect(() => sqlite(path as string)).toThrow('expects the path of a file')
  })

  it('refuses durations that are none', () => {
    expect(() => sqlite(':memory:', { busyTimeoutMs: 0 })).toThrow('busyTimeoutMs')
    expect(() => sqlite(':memory:', { holdLimitMs: Number.NaN })).toThrow('holdLimitMs')
  })

  it('deletes two expired records for each new one', async () => {
    const clock = fakeClock()
    const store = sqlite(':memory:', { clock })
    const run = (id: string) => store.idempotency.transact?.(claimOf(id, id), async () => answer)
    await Promise.all(Array.from({ length: 40 }, (_, index) => run(`old${index}`)))
    clock.advance(1001)
    for (let index = 0; index < 10; index++) await run(`new${index}`)
    const count = store.read.prepare("SELECT count(*) AS n FROM holdfast_keys WHERE id LIKE 'old%'").get()
    expect(count).toEqual({ n: 20 })
    expect(await store.idempotency.collect(15)).toBe(15)
    expect(await store.idempotency.collect(15)).toBe(5)
    await store.close()
  })

  it('counts the keys of an account by an index', async () => {
    const store = sqlite(':memory:')
    await store.idempotency.claim(claimOf('a', 'o', { quota: 2 }))
    const plan = store.read.prepare("EXPLAIN QUERY PLAN SELECT 1 FROM holdfast_keys WHERE scope = 's' AND expires_at > 1").all() as {
      detail: string
    }[]
    expect(plan.map(({ detail }) => detail).join()).toContain('holdfast_keys_by_scope')
    await store.close()
  })

  it('finds nothing to complain of in a database as it opens it', async () => {
    const store = sqlite(folder.file('healthy.db'))
    expect(await store.idempotency.doctor()).toEqual([])
    await store.close()
  })

  it('reports a journal that is not a write-ahead log', async () => {
    const store = sqlite(folder.file('not-wal.db'), {
      open: (path) => {
        const database = new DatabaseSync(path)
        const exec = database.exec.bind(database)
        database.exec = (sql: string) => exec(sql === 'PRAGMA journal_mode = WAL' ? 'PRAGMA journal_mode = DELETE' : sql)
        return database
      },
    })
    expect((await store.idempotency.doctor()).map(({ code }) => code)).toContain('sqlite-not-wal')
    await store.close().catch(() => {})
  })

  it('says that records in memory do not outlive the process', async () => {
    const store = sqlite(':memory:')
    expect(store.idempotency.durable).toBe(false)
    expect((await store.idempotency.doctor()).map(({ code }) => code)).toEqual(['sqlite-memory'])
    await store.close()
  })
})
