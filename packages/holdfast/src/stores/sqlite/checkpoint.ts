import type { CheckpointResult, CheckpointThread } from './checkpoint-thread.ts'
import type { Connection } from './connection.ts'

/** Keeps the write-ahead log from growing without bound. */
export interface Checkpoints {
  /** Called after each commit. What it returns holds the next transaction back until the log can start anew; it never rejects. */
  afterCommit(): Promise<void> | undefined
  close(): Promise<void>
}

/** Nothing to do: a database in memory, or one whose connection checkpoints by itself. */
export const noCheckpoints: Checkpoints = { afterCommit: () => undefined, close: () => Promise.resolve() }

// 32 MB of 4 KB pages. At 1000 pages, SQLite's own default, the copying took a seventh of the processor time of a store under full
// load: more pages are rewritten before they are copied when one waits longer.
const worthwhileFrames = 8000
// 64 MB: the log is written from its start again only when no frame is left to copy, which under load needs a pause of the writers.
const restartFrames = 16_000
// When a long-lived reader keeps the log from starting anew, trying harder would only stop the writers again and again.
const patienceMs = 2000

/**
 * Copies the log into the database file in another thread: a checkpoint syncs two files, and would stop the event loop for as long.
 * Writers go on meanwhile, so that under constant load the copy never catches up; when the log is long, the last stretch is therefore
 * copied while the queue (not the event loop) waits.
 *
 * @param connection one that is never in a transaction
 */
export function createCheckpoints(connection: Connection, thread: CheckpointThread): Checkpoints {
  let copying: Promise<void> | undefined
  let gate: Promise<void> | undefined
  let notBefore = 0

  async function copy(): Promise<void> {
    try {
      const { log } = await thread.run('PASSIVE')
      if (log < restartFrames) return
      const finished = thread.run('FULL')
      gate = finished.then(
        () => {},
        () => {},
      )
      const { busy } = await finished
      if (busy !== 0) notBefore = performance.now() + patienceMs
    } catch {
      // A process may not be allowed to have threads: better a pause of the event loop than a log without end.
      notBefore = performance.now() + patienceMs
      copyHere()
    } finally {
      gate = undefined
      copying = undefined
    }
  }

  function copyHere(): void {
    try {
      connection.prepare('PRAGMA wal_checkpoint(PASSIVE)').get()
    } catch {
      // The next commit meets the same trouble and tells its callers; the doctor tells of a log that stays long.
    }
  }

  return {
    afterCommit() {
      if (copying === undefined && performance.now() >= notBefore) {
        const { log, checkpointed } = measureLog(connection)
        if (log - checkpointed >= worthwhileFrames) copying = copy()
      }
      return gate
    },
    async close() {
      await copying
      await thread.close()
    },
  }
}

/** Reads the state of the log without copying anything; takes 2 us. */
export function measureLog(connection: Connection): CheckpointResult {
  return connection.prepare('PRAGMA wal_checkpoint(NOOP)').get() as CheckpointResult
}
