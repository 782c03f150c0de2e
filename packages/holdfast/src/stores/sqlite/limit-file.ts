import type { Clock } from '../../core/index.ts'
import { createCheckpoints, noCheckpoints } from './checkpoint.ts'
import type { Checkpoints } from './checkpoint.ts'
import { createCheckpointThread } from './checkpoint-thread.ts'
import { createStoreClock, fromClock } from './clock.ts'
import type { StoreClock } from './clock.ts'
import { isMemory, openReader, openWriter } from './connection.ts'
import type { Connection } from './connection.ts'
import { openNodeSqlite } from './driver.ts'
import type { SqliteDriver } from './driver.ts'
import { toStoreError } from './errors.ts'
import { limitPageBytes, limitTables } from './limit-rows.ts'
import { canCheckpointBeside, versionOf } from './version.ts'

/** How the file of counters is opened. */
export interface LimitFileOptions {
  /** Of the main file. */
  readonly path: string
  readonly open: (path: string) => SqliteDriver
  readonly busyTimeoutMs: number
  readonly clock: Clock | undefined
}

/** The file of counters, open. */
export interface LimitFile {
  readonly writer: Connection
  readonly clock: StoreClock
  readonly checkpoints: Checkpoints
  close(): Promise<void>
}

// How long a checkpoint that holds the writers back may wait for readers.
const checkpointWaitMs = 100

/** Where the counters of a store are: beside it, because whoever counts must not wait for a handler that holds the store's only writer. */
export function limitPathOf(path: string): string {
  if (isMemory(path)) return ':memory:'
  const query = path.startsWith('file:') ? path.indexOf('?') : -1
  return query < 0 ? `${path}-limits` : `${path.slice(0, query)}-limits${path.slice(query)}`
}

/**
 * Opens the file. `synchronous=NORMAL` and nothing syncs besides the checkpoints, which run in another thread: a process that is killed loses
 * no count, a machine that loses power at most what was counted since the last checkpoint, and never more than that.
 */
export function openLimitFile({ path: mainPath, open, busyTimeoutMs, clock }: LimitFileOptions): LimitFile {
  const path = limitPathOf(mainPath)
  const openSmall = (at: string): SqliteDriver => {
    const driver = open(at)
    driver.exec(`PRAGMA page_size = ${limitPageBytes}`)
    return driver
  }
  const writer = openWriter(openSmall, path, busyTimeoutMs)
  try {
    if (!hasTables(writer)) writer.exec(`BEGIN IMMEDIATE; ${limitTables} COMMIT`)
    const inThread = open === openNodeSqlite && !isMemory(path) && canCheckpointBeside(versionOf(writer))
    // The queue tries again by itself: a connection that waits would hold the event loop up.
    writer.exec('PRAGMA busy_timeout = 0')
    if (!inThread) return fileOf(writer, clock, noCheckpoints, undefined)
    writer.exec('PRAGMA wal_autocheckpoint = 0')
    const reader = openReader(open, path, busyTimeoutMs)
    return fileOf(writer, clock, createCheckpoints(reader, createCheckpointThread(path, checkpointWaitMs)), reader)
  } catch (error) {
    writer.close()
    throw toStoreError(error, 'preparing the tables of rate limits')
  }
}

function fileOf(writer: Connection, clock: Clock | undefined, checkpoints: Checkpoints, reader: Connection | undefined): LimitFile {
  return {
    writer,
    clock: clock === undefined ? createStoreClock() : fromClock(clock),
    checkpoints,
    async close() {
      await checkpoints.close()
      reader?.close()
      writer.close()
    },
  }
}

function hasTables(connection: Connection): boolean {
  const table = connection.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'holdfast_limit_tokens_by_expiry'").get()
  return table !== undefined && table !== null
}
