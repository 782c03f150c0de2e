import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { fakeClock, idempotencyConformance } from '../../testing/index.ts'
import type { ConformanceOptions } from '../../testing/index.ts'
import { sqlite } from './index.ts'
import type { SqliteDatabase, SqliteOptions, SqliteStore } from './index.ts'

const folder = mkdtempSync(join(tmpdir(), 'holdfast-sqlite-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function conformanceOf(path: string, options: SqliteOptions, more: Partial<ConformanceOptions>): void {
  let store: SqliteStore
  beforeAll(async () => {
    store = sqlite(path, options)
    await store.write((db) => db.exec('CREATE TABLE effects (name TEXT NOT NULL)'))
  })
  afterAll(() => store.close())
  const effects = {
    async add(transaction: unknown, name: string) {
      ;(transaction as SqliteDatabase).prepare('INSERT INTO effects (name) VALUES (?)').run(name)
    },
    async count(name: string) {
      return (store.read.prepare('SELECT count(*) AS rows FROM effects WHERE name = ?').get(name) as { rows: number }).rows
    },
  }
  for (const check of idempotencyConformance({ name: 'sqlite', open: async () => store.idempotency, effects, ...more }))
    it(check.name, check.run)
}

describe('the SQLite store on a file', () => {
  conformanceOf(join(folder, 'real.db'), {}, {})
})

describe('the SQLite store in virtual time', () => {
  const clock = fakeClock()
  conformanceOf(join(folder, 'virtual.db'), { clock }, { time: clock, histories: 100 })
})

describe('the SQLite store in memory', () => {
  conformanceOf(':memory:', {}, { histories: 100 })
})
