import { statSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../../../test/sqlite/support.ts'
import { createCheckpointThread } from './checkpoint-thread.ts'
import type { CheckpointResult, CheckpointThread } from './checkpoint-thread.ts'
import { createCheckpoints } from './checkpoint.ts'
import type { Connection } from './connection.ts'
import { sqlite } from './index.ts'

const folder = temporaryFolder()

function threadOf(results: CheckpointResult[]): CheckpointThread & { readonly modes: string[] } {
  const modes: string[] = []
  return {
    modes,
    async run(mode) {
      modes.push(mode)
      await Promise.resolve()
      const result = results.shift()
      if (result === undefined) throw new Error('the thread is gone')
      return result
    },
    close: async () => {},
  }
}

function connectionOf(state: CheckpointResult, copied: string[] = []): Connection {
  const prepare = (sql: string) => ({ get: () => (sql.includes('NOOP') ? state : copied.push(sql)) })
  return { prepare } as unknown as Connection
}

describe('checkpoints', () => {
  it('keep the log bounded under a load that never pauses', async () => {
    const path = folder.file('bounded.db')
    const store = sqlite(path)
    await store.write((db) => db.exec('CREATE TABLE blobs (id INTEGER PRIMARY KEY, bytes BLOB)'))
    let longest = 0
    let written = 0
    const caller = async (): Promise<void> => {
      while (written < 6000) {
        // Other bytes each time: SQLite does not write a page that stays as it is.
        const bytes = new Uint8Array(60_000).fill(++written)
        await store.write((db) =>
          db
            .prepare('INSERT INTO blobs (id, bytes) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET bytes = excluded.bytes')
            .run(written % 50, bytes),
        )
        longest = Math.max(longest, statSync(`${path}-wal`).size)
      }
    }
    await Promise.all(Array.from({ length: 160 }, caller))
    await store.close()
    // 360 MB went through the log; it starts anew at 64 MB, and grows on while the copying begins.
    expect(longest).toBeLessThan(128 * 1_048_576)
  }, 120_000)

  it('end well beside a writer that keeps the lock', async () => {
    const path = folder.file('locked.db')
    const store = sqlite(path)
    const writer = new DatabaseSync(path)
    writer.exec("CREATE TABLE notes (text TEXT); INSERT INTO notes VALUES ('copied'); BEGIN IMMEDIATE")
    const thread = createCheckpointThread(path, 10)
    const { log, checkpointed } = await thread.run('PASSIVE')
    expect(log).toBeGreaterThan(0)
    expect(checkpointed).toBe(log)
    writer.exec('COMMIT')
    await thread.close()
    writer.close()
    await store.close()
  })

  it('start the log anew once all of it is copied, and write nothing while a reader needs the rest', async () => {
    const path = folder.file('restarted.db')
    const store = sqlite(path)
    await store.write((db) => db.exec("CREATE TABLE notes (text TEXT); INSERT INTO notes VALUES ('copied')"))
    const restarts = () => store.read.prepare("SELECT value FROM holdfast_meta WHERE name = 'log-restarts'").get()
    const thread = createCheckpointThread(path, 10)
    await thread.run('PASSIVE')
    expect(restarts()).toEqual({ value: 1 })
    const reader = new DatabaseSync(path)
    reader.exec('BEGIN; SELECT text FROM notes')
    await store.write((db) => db.exec("INSERT INTO notes VALUES ('not yet')"))
    await thread.run('PASSIVE')
    expect(restarts()).toEqual({ value: 1 })
    reader.close()
    await thread.close()
    await store.close()
  })

  it('leave a short log alone', () => {
    const thread = threadOf([])
    const checkpoints = createCheckpoints(connectionOf({ busy: 0, log: 7999, checkpointed: 0 }), thread)
    expect(checkpoints.afterCommit()).toBeUndefined()
    expect(thread.modes).toEqual([])
  })

  it('hold the queue back only while the last stretch of a long log is copied', async () => {
    const thread = threadOf([
      { busy: 0, log: 20_000, checkpointed: 19_000 },
      { busy: 0, log: 20_100, checkpointed: 20_100 },
    ])
    const checkpoints = createCheckpoints(connectionOf({ busy: 0, log: 20_000, checkpointed: 0 }), thread)
    expect(checkpoints.afterCommit()).toBeUndefined()
    await Promise.resolve()
    await Promise.resolve()
    await Promise.resolve()
    const gate = checkpoints.afterCommit()
    expect(gate).toBeInstanceOf(Promise)
    await gate
    await delay(1)
    expect(thread.modes).toEqual(['PASSIVE', 'FULL'])
  })

  it('copy on the spot when their thread is gone, and hold nobody back', async () => {
    const thread = threadOf([])
    const copied: string[] = []
    const checkpoints = createCheckpoints(connectionOf({ busy: 0, log: 20_000, checkpointed: 0 }, copied), thread)
    expect(checkpoints.afterCommit()).toBeUndefined()
    await delay(1)
    expect(checkpoints.afterCommit()).toBeUndefined()
    expect(thread.modes).toEqual(['PASSIVE'])
    expect(copied).toEqual(['PRAGMA wal_checkpoint(PASSIVE)'])
    await checkpoints.close()
  })
})
