import { existsSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, it, onTestFinished } from 'vitest'
import { temporaryFolder } from '../../../test/sqlite/support.ts'
import type { TakeItem } from '../../rate-limit/store.ts'
import { fakeClock } from '../../testing/index.ts'
import { sqlite } from './index.ts'
import type { SqliteDriver, SqliteOptions, SqliteStore } from './index.ts'
import { limitPathOf } from './limit-file.ts'

const folder = temporaryFolder()

function open(name: string, options?: SqliteOptions): SqliteStore {
  const store = sqlite(folder.file(name), options)
  onTestFinished(() => store.close())
  return store
}

const hourMs = 3_600_000
const item = (changes: Partial<TakeItem> = {}): TakeItem => ({
  owner: 'account:ada',
  counter: 'per-hour',
  meter: { kind: 'bucket', rate: 1, unit: hourMs, burst: 10, capacity: 10 * hourMs, ceiling: 20 * hourMs },
  cost: 1,
  shadow: false,
  ...changes,
})

/** Counts the transactions of a driver. */
function counting(path: string): { readonly driver: SqliteDriver; readonly begun: () => number } {
  const driver = new DatabaseSync(path)
  let begun = 0
  return {
    begun: () => begun,
    driver: {
      exec: (sql) => driver.exec(sql),
      prepare(sql) {
        const statement = driver.prepare(sql)
        if (!sql.startsWith('BEGIN')) return statement
        return { ...bound(statement), run: (...values: never[]) => (begun++, statement.run(...values)) }
      },
      close: () => driver.close(),
    },
  }
}

const bound = (statement: ReturnType<DatabaseSync['prepare']>) => ({
  get: statement.get.bind(statement),
  all: statement.all.bind(statement),
})

describe('the limits of the SQLite store', () => {
  it('are in a file of their own, made when the first call is counted', async () => {
    const store = open('first.db')
    expect(existsSync(folder.file('first.db-limits'))).toBe(false)
    await store.limits.take([item()])
    expect(existsSync(folder.file('first.db-limits'))).toBe(true)
  })

  it('do not wait for a handler that holds the writer', async () => {
    const store = open('held.db')
    const { promise, resolve } = Promise.withResolvers<void>()
    const held = store.write(() => promise)
    expect((await store.limits.take([item()])).admitted).toBe(true)
    resolve()
    await held
  })

  it('take one transaction for three limits, and one for takes that come together [R18]', async () => {
    const opened: ReturnType<typeof counting>[] = []
    const store = open('wire.db', {
      open(path) {
        const counted = counting(path)
        opened.push(counted)
        return counted.driver
      },
    })
    const begun = () => opened.reduce((sum, { begun }) => sum + begun(), 0)
    const three = ['a', 'b', 'c'].map((counter) => item({ counter }))
    await store.limits.take(three)
    const before = begun()
    await store.limits.take(three)
    expect(begun() - before).toBe(1)
    await Promise.all(Array.from({ length: 20 }, () => store.limits.take(three)))
    expect(begun() - before).toBe(2)
  })

  it('are kept over a restart', async () => {
    for (const expected of [4, 0]) {
      const store = sqlite(folder.file('restart.db'))
      await store.limits.take([item({ cost: 6 })])
      const { items } = await store.limits.take([item({ cost: 4 })])
      expect(items[0]?.fits).toBe(expected === 4)
      await store.close()
    }
  })

  it('are deleted when they are as good as absent, and not before', async () => {
    const clock = fakeClock()
    const store = open('expiry.db', { clock })
    for (let owner = 0; owner < 30; owner++) await store.limits.take([item({ owner: String(owner) })])
    await store.limits.settle({ token: 'once', takenAt: clock.now(), items: [{ ...item({ owner: '0' }), delta: 1 }] })
    clock.advance(hourMs)
    expect(await store.limits.collect?.(100)).toBe(0)
    clock.advance(hourMs / 4 + 61_250)
    expect(await store.limits.collect?.(10)).toBe(10)
    expect(await store.limits.collect?.(100)).toBe(19)
    clock.advance(2 * hourMs)
    expect(await store.limits.collect?.(100)).toBe(1)
  })

  it('make room for themselves: a table does not grow when owners come and go', async () => {
    const clock = fakeClock()
    const store = open('turnover.db', { clock })
    for (let owner = 0; owner < 300; owner++) {
      await store.limits.take([item({ owner: String(owner) })])
      clock.advance(hourMs / 2)
    }
    const database = new DatabaseSync(folder.file('turnover.db-limits'))
    onTestFinished(() => database.close())
    expect((database.prepare('SELECT count(*) AS rows FROM holdfast_limits').get() as { rows: number }).rows).toBeLessThan(6)
  })

  it('reject when the file cannot be opened, and when the store is closed', async () => {
    const store = open('broken.db', {
      open(path) {
        if (path.endsWith('-limits')) throw new Error('no such folder')
        return new DatabaseSync(path)
      },
    })
    await expect(store.limits.take([item()])).rejects.toMatchObject({ code: 'store-unavailable' })
    await store.close()
    await expect(store.limits.take([item()])).rejects.toMatchObject({ code: 'store-unavailable' })
  })

  it('are beside the main file, also when it is named by a URI', () => {
    expect(limitPathOf('ledger.db')).toBe('ledger.db-limits')
    expect(limitPathOf('file:ledger.db?vfs=unix')).toBe('file:ledger.db-limits?vfs=unix')
    expect(limitPathOf(':memory:')).toBe(':memory:')
  })
})
