import { DatabaseSync } from 'node:sqlite'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { createCall, currentCall, isHoldfastError, runWithCall, toFields } from '../../core/index.ts'
import type { TransactionEnd } from '../../idempotency/store.ts'
import { add, notebooks, notes, write } from '../../../test/sqlite/notes.ts'
import { claimOf, heldSync, temporaryFolder, turns } from '../../../test/sqlite/support.ts'

/** A group takes in jobs for 5 ms. Without time it takes in what belongs to it, however slow the machine. */
const stopTime = (): void => void vi.spyOn(performance, 'now').mockReturnValue(0)
afterEach(() => void vi.restoreAllMocks())
const { open, withNotes } = notebooks(temporaryFolder())

const end = (text: string): TransactionEnd => ({ commit: new TextEncoder().encode(text), retentionMs: 3_600_000 })

describe('group commit', () => {
  it('lets a reply leave only after the sync of its commit', async () => {
    const sync = heldSync()
    const database = await withNotes('order.db', sync)
    sync.hold()
    let hasReplied = false
    const replied = write(database, add('a')).then(() => void (hasReplied = true))
    await turns()
    expect(sync.waiting).toHaveLength(1)
    expect(notes(database)).toEqual(['a'])
    expect(hasReplied).toBe(false)
    sync.release()
    await replied
  })

  it('lets a replay leave only after the sync of the commit it repeats', async () => {
    const sync = heldSync()
    const database = await withNotes('replay-order.db', sync)
    sync.hold()
    const order: string[] = []
    const { idempotency } = database
    const first = idempotency.transact(claimOf('k', 'o1'), async () => end('answer')).then(() => order.push('first'))
    await turns()
    const second = idempotency.transact(claimOf('k', 'o2'), async () => end('never')).then(({ kind }) => order.push(kind))
    const looked = idempotency.lookup('k').then((snapshot) => order.push(`looked ${snapshot?.state}`))
    await turns()
    expect(order).toEqual([])
    sync.release()
    await Promise.all([first, second, looked])
    expect(order.toSorted()).toEqual(['done', 'first', 'looked done'])
  })

  it('syncs before it replays an answer that another connection committed', async () => {
    const sync = heldSync()
    const database = await withNotes('foreign.db', sync)
    const other = open('foreign.db')
    await other.idempotency.transact(claimOf('k', 'o1'), async () => end('theirs'))
    sync.hold()
    let verdict: string | undefined
    const replayed = database.idempotency.claim(claimOf('k', 'o2')).then(({ kind }) => void (verdict = kind))
    await turns()
    expect([sync.waiting.length, verdict]).toEqual([1, undefined])
    sync.release()
    await replayed
    expect(verdict).toBe('done')
  })

  it('does not sync again for replays when nothing was written since', async () => {
    let syncs = 0
    const database = await withNotes('quiet.db', { syncFile: { sync: async () => void syncs++, close: async () => {} } })
    await database.idempotency.transact(claimOf('k', 'o1'), async () => end('answer'))
    const before = syncs
    for (let repeat = 0; repeat < 10; repeat++) expect((await database.idempotency.claim(claimOf('k', `r${repeat}`))).kind).toBe('done')
    expect(syncs).toBe(before)
  })

  it('commits together what arrives together, at most 64 at a time', async () => {
    const rowsAtSync: number[] = []
    const sync = async (): Promise<void> => void rowsAtSync.push(notes(database).length)
    const database = open('together.db', { syncFile: { sync, close: async () => {} } })
    await write(database, (db) => db.exec('CREATE TABLE notes (text TEXT)'))
    rowsAtSync.length = 0
    stopTime()
    await Promise.all(Array.from({ length: 100 }, (_, index) => write(database, add(String(index)))))
    expect(notes(database)).toHaveLength(100)
    expect(rowsAtSync[0]).toBeGreaterThan(8)
    expect(rowsAtSync[0]).toBeLessThanOrEqual(64)
    expect(rowsAtSync.length).toBeLessThan(20)
  })

  it('runs half of many callers while the disk takes the other half', async () => {
    const sync = heldSync()
    const rowsAtSync: number[] = []
    const database = open('halves.db', {
      syncFile: { ...sync.syncFile, sync: () => (rowsAtSync.push(notes(database).length), sync.syncFile.sync()) },
    })
    await write(database, (db) => db.exec('CREATE TABLE notes (text TEXT)'))
    sync.hold()
    rowsAtSync.length = 0
    stopTime()
    const written = Promise.all(Array.from({ length: 64 }, (_, index) => write(database, add(String(index)))))
    while (notes(database).length < 64) await turns(1)
    expect(rowsAtSync).toHaveLength(1)
    expect(rowsAtSync[0]).toBeLessThanOrEqual(32)
    sync.release()
    await written
  })

  it('undoes only the job that throws', async () => {
    const database = await withNotes('throwing.db')
    const results = await Promise.allSettled([
      write(database, add('a')),
      write(database, (db) => {
        add('b')(db)
        throw new Error('no b')
      }),
      write(database, async (db) => {
        add('c')(db)
        await turns(2)
      }),
    ])
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect((results[1] as PromiseRejectedResult).reason).toMatchObject({ message: 'no b' })
    expect(notes(database)).toEqual(['a', 'c'])
  })

  it('gives the second of two calls with one key the answer of the first, within one group', async () => {
    const database = await withNotes('duplicates.db')
    let runs = 0
    const verdicts = await Promise.all(
      Array.from({ length: 30 }, (_, index) =>
        database.idempotency.transact(claimOf('k', `o${index}`), async () => {
          runs++
          return end('answer')
        }),
      ),
    )
    expect(runs).toBe(1)
    expect(verdicts.filter(({ kind }) => kind === 'committed')).toHaveLength(1)
    expect(verdicts.filter(({ kind }) => kind === 'done')).toHaveLength(29)
  })

  it('rejects every member, and keeps nothing, when the commit fails', async () => {
    const fail = { commit: false }
    const failing = (path: string) => {
      const database = new DatabaseSync(path)
      const prepare = database.prepare.bind(database)
      database.prepare = (sql: string) => {
        const statement = prepare(sql)
        const run = statement.run.bind(statement)
        if (sql === 'COMMIT')
          statement.run = () => {
            if (fail.commit) throw Object.assign(new Error('disk I/O error'), { errcode: 10 })
            return run()
          }
        return statement
      }
      return database
    }
    const database = await withNotes('commit-fails.db', { open: failing })
    fail.commit = true
    const results = await Promise.allSettled(['a', 'b', 'c'].map((text) => write(database, add(text))))
    for (const result of results) expect(result).toMatchObject({ status: 'rejected', reason: { code: 'store-unavailable' } })
    fail.commit = false
    expect(notes(database)).toEqual([])
    await write(database, add('later'))
    expect(notes(database)).toEqual(['later'])
  })

  it('answers with store-unavailable after a failed sync, until the log was written anew', async () => {
    let isBroken = false
    const sync = async () => {
      if (isBroken) throw Object.assign(new Error('EIO'), { code: 'EIO' })
    }
    const database = await withNotes('sync-fails.db', { syncFile: { sync, close: async () => {} } })
    isBroken = true
    await expect(write(database, add('a'))).rejects.toMatchObject({ code: 'store-unavailable' })
    isBroken = false
    await write(database, add('b'))
    expect(notes(database)).toEqual(['a', 'b'])
  })

  it('runs each body in the async context of its caller', async () => {
    const database = await withNotes('context.db')
    const calls = ['/a', '/b', '/c'].map((url) => createCall({ method: 'POST', url, headers: toFields() }))
    const seen = await Promise.all(
      calls.map((call) =>
        runWithCall(call, () =>
          write(database, async () => {
            await turns(1)
            return currentCall().url
          }),
        ),
      ),
    )
    expect(seen).toEqual(['/a', '/b', '/c'])
  })

  it('lets the event loop turn while a slow body holds the writer', async () => {
    const database = await withNotes('slow.db')
    const ticked = Promise.withResolvers<void>()
    const slow = write(database, async (db) => {
      await ticked.promise
      add('slow')(db)
    })
    const waiting = write(database, add('next'))
    let ticks = 0
    const timer = setInterval(() => ++ticks > 3 && ticked.resolve(), 5)
    await Promise.all([slow, waiting])
    clearInterval(timer)
    expect(notes(database)).toEqual(['slow', 'next'])
  })

  it('refuses a handle after its handler has ended, and statements that end the transaction', async () => {
    const database = await withNotes('misuse.db')
    const kept = await write(database, (db) => db)
    expect(() => kept.exec("INSERT INTO notes VALUES ('x')")).toThrow('after its handler had ended')
    const statement = await write(database, async (db) => ({ stray: db.prepare("INSERT INTO notes VALUES ('x')") }))
    await write(database, () => expect(() => statement.stray.run()).toThrow('after its handler had ended'))
    for (const sql of ['COMMIT', ' rollback', 'END', 'begin immediate'])
      await expect(write(database, (db) => db.exec(sql))).rejects.toThrow('may not end the transaction')
    await write(database, (db) => db.exec("SAVEPOINT own; INSERT INTO notes VALUES ('gone'); ROLLBACK TO own; RELEASE own"))
    expect(notes(database)).toEqual([])
  })

  it('refuses work after it was closed, once what was queued is done', async () => {
    const database = await withNotes('closed.db')
    const queued = write(database, add('queued'))
    const closing = database.close()
    await expect(write(database, add('late'))).rejects.toSatisfy((error) => isHoldfastError(error) && error.code === 'store-unavailable')
    await Promise.all([queued, closing])
    await expect(database.idempotency.lookup('k')).rejects.toMatchObject({ code: 'store-unavailable' })
  })
})
