import type { Clock } from '../../core/index.ts'
import { storeUnavailable } from '../../core/index.ts'
import type { KeyRecord } from '../../idempotency/record.ts'
import type { VersionStore } from '../../versioning/store.ts'
import type { IdempotencyStore } from '../../idempotency/store.ts'
import { createCheckpoints, noCheckpoints } from './checkpoint.ts'
import type { Checkpoints } from './checkpoint.ts'
import { createCheckpointThread } from './checkpoint-thread.ts'
import { createStoreClock, fromClock } from './clock.ts'
import { isMemory, openReader, openWriter } from './connection.ts'
import type { Connection } from './connection.ts'
import { examine } from './doctor.ts'
import { openNodeSqlite } from './driver.ts'
import type { SqliteDatabase, SqliteDriver } from './driver.ts'
import { createDurability, syncLog, volatile } from './durability.ts'
import type { SyncFile } from './durability.ts'
import { toStoreError } from './errors.ts'
import { createGroupCommit } from './group-commit.ts'
import type { GroupCommit } from './group-commit.ts'
import { createRecords } from './idempotency.ts'
import { deleteExpired, loadRecord } from './records.ts'
import { migrate, readMeta, writeMeta } from './schema.ts'
import { canCheckpointBeside, versionOf } from './version.ts'
import { sqliteVersions } from './versions.ts'

/** How a database is opened, every option given. */
export interface DatabaseOptions {
  readonly path: string
  readonly open: (path: string) => SqliteDriver
  readonly busyTimeoutMs: number
  readonly holdLimitMs: number
  readonly clock: Clock | undefined
  /** Replaced in tests. */
  readonly syncFile?: SyncFile
}

/** A database with its queue. */
export interface Database {
  readonly group: GroupCommit
  readonly read: SqliteDatabase
  readonly idempotency: Required<IdempotencyStore>
  readonly versions: VersionStore
  close(): Promise<void>
}

// How long a checkpoint that holds the writers back may wait for readers.
const checkpointWaitMs = 100
// One new record makes room for itself and one more, so that a table that shrank in use shrinks on the disk as well.
const collectedPerInsert = 2
// When nothing has expired, most groups of the next second need not look either.
const quietMs = 1000
// In KiB. SQLite's own 2 MB hold less than the index of a hundred thousand keys, and every group touched pages that were gone again.
const cacheSize = 16_384

/** Opens the connections, and puts the parts together. */
export function openDatabase({ path, open, busyTimeoutMs, holdLimitMs, clock: givenClock, syncFile }: DatabaseOptions): Database {
  const inMemory = isMemory(path)
  const connect = (): Connection => openWriter(open, path, busyTimeoutMs)
  const clock = givenClock === undefined ? createStoreClock() : fromClock(givenClock)
  const first = connect()
  const reader = prepareFile(first, inMemory ? undefined : () => openReader(open, path, busyTimeoutMs))
  const ownsCheckpoints = open === openNodeSqlite && !inMemory && canCheckpointBeside(versionOf(first))
  // As SQLite has found it: the path may be a URI, a link, or relative to a folder that the process leaves.
  const { file } = first.prepare('PRAGMA database_list').get() as { file: string }
  const durability = inMemory ? volatile : createDurability(syncFile ?? syncLog(file))
  let inserts = 0
  let quietUntil = 0
  let shared: number | undefined
  let isClosed = false
  let current = serve(first)

  function serve(connection: Connection): Connection {
    // A writer that waits would block the event loop; the queue tries again by itself.
    connection.exec(`PRAGMA busy_timeout = 0; PRAGMA cache_size = -${cacheSize}`)
    if (ownsCheckpoints) connection.exec('PRAGMA wal_autocheckpoint = 0')
    return connection
  }

  const checkpoints: Checkpoints = ownsCheckpoints
    ? createCheckpoints(reader, createCheckpointThread(file, checkpointWaitMs))
    : noCheckpoints

  const group = createGroupCommit({
    writer: current,
    durability,
    busyTimeoutMs,
    holdLimitMs,
    onBegin(writer, isForeign) {
      inserts = 0
      if (isForeign) clock.adopt(Number(readMeta(writer, 'clock-offset') ?? Number.NEGATIVE_INFINITY))
    },
    onCommit(writer) {
      const now = clock.now()
      const room = inserts * collectedPerInsert
      if (room > 0 && now >= quietUntil && deleteExpired(writer, now, room) < room) quietUntil = now + quietMs
      shared = clock.unshared
      if (shared !== undefined) writeMeta(writer, 'clock-offset', shared)
    },
    afterCommit() {
      if (shared !== undefined) clock.adopt(shared)
      return checkpoints.afterCommit()
    },
    replaceWriter(held) {
      // A database in memory lives in its connection.
      if (inMemory) return held
      held.close()
      current = serve(connect())
      return current
    },
  })

  async function readDurably(id: string): Promise<KeyRecord | undefined> {
    if (isClosed) throw storeUnavailable('the SQLite store is closed')
    let record
    try {
      record = loadRecord(reader, id)
    } catch (error) {
      throw toStoreError(error, 'reading')
    }
    // A call that still runs is in no answer yet.
    if (record !== undefined && record.state !== 'running') await durability.sync()
    return record
  }

  const idempotency = createRecords({
    isDurable: !inMemory,
    group,
    clock,
    readDurably,
    onInsert: () => void inserts++,
    doctor: () =>
      examine(file, reader, () => group.run((transaction) => transaction.inSavepoint(() => writeMeta(current, 'doctor', clock.now())))),
  })

  return {
    group,
    read: reader,
    idempotency,
    versions: sqliteVersions(group, reader, clock),
    async close() {
      if (isClosed) return
      isClosed = true
      const writer = await group.close()
      await checkpoints.close()
      await durability.close()
      if (reader !== writer) reader.close()
      writer.close()
    },
  }
}

/** Makes the tables, then opens the reader; closes what is open when either fails. */
function prepareFile(writer: Connection, open: (() => Connection) | undefined): Connection {
  try {
    migrate(writer)
    return open === undefined ? writer : open()
  } catch (error) {
    writer.close()
    throw toStoreError(error, 'preparing the tables')
  }
}
