import { DatabaseSync } from 'node:sqlite'
import { describe, expect, it } from 'vitest'
import { claimOf, temporaryFolder } from '../../../test/sqlite/support.ts'
import { sqlite } from './index.ts'

const folder = temporaryFolder()

async function madeBefore(name: string, change: (database: DatabaseSync) => void): Promise<string> {
  const path = folder.file(name)
  await sqlite(path).close()
  const database = new DatabaseSync(path)
  change(database)
  database.close()
  return path
}

describe('the tables of the SQLite store', () => {
  it('are shared with a newer release that only added to them', async () => {
    const path = await madeBefore('newer.db', (database) => {
      database.exec("ALTER TABLE holdfast_keys ADD COLUMN region TEXT DEFAULT 'eu'")
      database.exec("UPDATE holdfast_meta SET value = 2 WHERE name = 'schema-version'")
    })
    const store = sqlite(path)
    await store.idempotency.claim(claimOf('k', 'o'))
    await store.idempotency.complete({ id: 'k', owner: 'o', answer: new Uint8Array([1]), retentionMs: 1000 })
    expect(store.read.prepare('SELECT state, region FROM holdfast_keys').get()).toEqual({ state: 'done', region: 'eu' })
    await store.close()
    const database = new DatabaseSync(path)
    expect(database.prepare("SELECT value FROM holdfast_meta WHERE name = 'schema-version'").get()).toEqual({ value: 2 })
    database.close()
  })

  it('are refused when a newer release says that this one cannot use them', async () => {
    const path = await madeBefore('too-new.db', (database) => {
      database.exec("UPDATE holdfast_meta SET value = 3 WHERE name = 'schema-version'")
      database.exec("UPDATE holdfast_meta SET value = 2 WHERE name = 'oldest-compatible'")
    })
    expect(() => sqlite(path)).toThrow(
      expect.objectContaining({ code: 'configuration-invalid', message: expect.stringContaining('version 3') }),
    )
  })

  it('are used by another process that is open meanwhile', async () => {
    const path = folder.file('two.db')
    const [one, two] = [sqlite(path), sqlite(path)]
    await one.idempotency.claim(claimOf('k', 'o1'))
    expect((await two.idempotency.claim(claimOf('k', 'o2'))).kind).toBe('running')
    await Promise.all([one.close(), two.close()])
  })
})
