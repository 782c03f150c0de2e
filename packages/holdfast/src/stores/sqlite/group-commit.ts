import { setImmediate as nextTurn } from 'node:timers/promises'
import { storeUnavailable } from '../../core/index.ts'
import type { Connection } from './connection.ts'
import type { Durability } from './durability.ts'
import { toCallerError, toStoreError } from './errors.ts'
import { groupSize } from './group-size.ts'
import { createHoldWatch } from './hold-watch.ts'
import { outside, rejectAll, rollBack } from './jobs.ts'
import { Transaction } from './transaction.ts'
import { createWriterLock } from './writer-lock.ts'

const maxGroupMs = 5
// Work on the loop without a pause. The budget is 1 ms of delay at p99, and the commit of 64 takes half of it.
const maxSliceMs = 0.3

/** What a group commit needs from its store. */
export interface GroupCommitOptions {
  readonly writer: Connection
  readonly durability: Durability
  readonly busyTimeoutMs: number
  readonly holdLimitMs: number
  /** Runs first in every transaction; `isForeign`: another connection may have committed since the last one. */
  readonly onBegin: (writer: Connection, isForeign: boolean) => void
  /** Runs last in every transaction that has something to commit. */
  readonly onCommit: (writer: Connection) => void
  /** Runs after such a commit; what it returns holds back the next transaction. Never rejects. */
  readonly afterCommit: () => Promise<void> | undefined
  /** Gives a new connection in place of one that a body still holds which never came back. */
  readonly replaceWriter: (writer: Connection) => Connection
}

/** The queue of everyone who writes. */
export interface GroupCommit {
  /** Runs `work` when its turn comes; settles as it does, once all its group did is on the disk. */
  run<T>(work: (transaction: Transaction) => Promise<T> | T): Promise<T>
  /** Refuses new work, and waits for what is queued. Gives the connection back. */
  close(): Promise<Connection>
}

/**
 * Work that waits, runs, or waits for its sync. A class: literals that outlive a collection of young objects come to be allocated among the old ones, where
 * each, once it is garbage, keeps all it points to from being collected while young.
 */
class Job {
  begin!: (transaction: Transaction) => void
  /** Never rejects. */
  ended!: Promise<void>
  /** Passes on what the work came to; set when it ended. */
  settle!: () => void
  readonly reject: (error: unknown) => void

  constructor(reject: (error: unknown) => void) {
    this.reject = reject
  }
}

/**
 * Runs transactional work one after the other inside one outer transaction, and commits together what came together: half of
 * everyone who waits, at most 64 jobs or 5 ms. Replies leave after the sync of their group; meanwhile the next group runs.
 */
export function createGroupCommit(options: GroupCommitOptions): GroupCommit {
  const { durability, holdLimitMs } = options
  const holdWatch = createHoldWatch(holdLimitMs)
  const lock = createWriterLock(options.busyTimeoutMs)
  let { writer } = options
  let queue: Job[] = []
  let pumping: Promise<void> | undefined
  let replying: Promise<void> = Promise.resolve()
  let wake: (() => void) | undefined
  /** How many have run and wait for their sync. */
  let unsynced = 0
  let isClosed = false
  /** Whether a body that never came back still has the writer. */
  let isHeld = false
  /** The state of the file, as `PRAGMA data_version` tells it, that a sync covers. */
  let coveredVersion: unknown

  async function pump(): Promise<void> {
    while (queue.length > 0) {
      if (!isWorthwhile()) await gather()
      if (!(await beginGroup())) continue
      const hasWritten = await runGroup()
      if (hasWritten) await options.afterCommit()
      if (queue.length > 0) await lock.giveWay()
    }
    pumping = undefined
  }

  /**
   * While a sync is under way whoever comes must wait for the next one: until there are enough of them, they may as well wait together.
   * Running them at once gave four commits a sync at 64 callers, and half as much again of work.
   */
  async function gather(): Promise<void> {
    while (durability.isSyncing && !isWorthwhile())
      await new Promise<void>((resolve) => {
        wake = resolve
        durability.settled().then(resolve, resolve)
      })
    wake = undefined
    // Calls that arrive in one turn of the loop share a group.
    await nextTurn()
  }

  function isWorthwhile(): boolean {
    return queue.length >= groupSize(queue.length, unsynced)
  }

  async function beginGroup(): Promise<boolean> {
    try {
      if (isHeld) replaceWriter()
      if (durability.isSuspect) rewriteLog()
      await lock.begin(writer)
      return true
    } catch (error) {
      rejectAll(queue.splice(0), toStoreError(error, 'beginning a transaction'))
      return false
    }
  }

  async function runGroup(): Promise<boolean> {
    const members: Job[] = []
    let hasWritten = false
    try {
      const version = (writer.prepare('PRAGMA data_version').get() as { data_version: unknown }).data_version
      const isForeign = version !== coveredVersion
      options.onBegin(writer, isForeign)
      const startedAt = performance.now()
      let sliceStartedAt = startedAt
      const size = groupSize(queue.length, unsynced)
      while (queue.length > 0 && members.length < size && !isHeld) {
        const job = queue.shift() as Job
        members.push(job)
        const transaction = new Transaction(writer)
        await runJob(job, transaction)
        hasWritten ||= transaction.hasWritten
        if (transaction.broken !== undefined) throw transaction.broken
        const now = performance.now()
        if (now - sliceStartedAt > maxSliceMs) {
          await nextTurn()
          sliceStartedAt = performance.now()
        }
        if (now - startedAt > maxGroupMs) break
      }
      if (hasWritten) options.onCommit(writer)
      writer.prepare('COMMIT').run()
      // What this group read may have been committed, but not synced, by another process.
      const isCovered = !hasWritten && !isForeign
      coveredVersion = version
      unsynced += members.length
      replying = reply(members, isCovered ? durability.settled() : durability.sync()).finally(() => {
        unsynced -= members.length
        wake?.()
      })
    } catch (error) {
      rollBack(writer)
      rejectAll(members.length > 0 ? members : queue.splice(0), toStoreError(error, 'committing; nothing was kept'))
    }
    if (isHeld) {
      try {
        replaceWriter()
      } catch {
        // The next group tries again, and tells its callers.
      }
    }
    return hasWritten
  }

  /** Runs one job, or leaves it behind when it holds on to the writer. */
  async function runJob(job: Job, transaction: Transaction): Promise<void> {
    job.begin(transaction)
    isHeld = await holdWatch.race(job.ended)
    if (isHeld) {
      transaction.revoke()
      const held = `a handler held the database for more than ${holdLimitMs} ms and was rolled back; inside a transaction, wait for no slow service and no other write of the store`
      job.settle = () => job.reject(storeUnavailable(held))
    }
    transaction.end()
  }

  function replaceWriter(): void {
    writer = options.replaceWriter(writer)
    coveredVersion = undefined
    isHeld = false
  }

  /** After a failed sync: moves the log's content into the database file, which SQLite syncs, and starts the log anew. */
  function rewriteLog(): void {
    const { busy } = writer.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get() as { busy: number }
    if (busy !== 0) throw storeUnavailable('a sync of the write-ahead log failed, and readers keep it from being written anew')
    durability.restored()
  }

  return {
    run<T>(work: (transaction: Transaction) => Promise<T> | T): Promise<T> {
      if (isClosed) return Promise.reject(storeUnavailable('the SQLite store is closed'))
      return new Promise<T>((resolve, reject) => {
        const job = new Job(reject)
        // Chained here, so that the work runs in its caller's async context and `currentCall()` is theirs.
        job.ended = new Promise<Transaction>((begin) => (job.begin = begin)).then(work).then(
          (value) => void (job.settle = () => resolve(value)),
          (error: unknown) => void (job.settle = () => reject(toCallerError(error))),
        )
        queue.push(job)
        if (isWorthwhile()) wake?.()
        pumping ??= outside(pump)
      })
    },
    async close() {
      isClosed = true
      await pumping
      await replying
      return writer
    },
  }
}

function reply(members: readonly Job[], durable: Promise<void>): Promise<void> {
  return durable.then(
    () => {
      for (const job of members) job.settle()
    },
    (error: unknown) => rejectAll(members, toStoreError(error, 'syncing; it is not known whether the commit is durable')),
  )
}
