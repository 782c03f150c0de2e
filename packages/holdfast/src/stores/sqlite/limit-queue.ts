import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises'
import { storeUnavailable } from '../../core/index.ts'
import type { Connection } from './connection.ts'
import { toStoreError } from './errors.ts'
import { outside, rejectAll, rollBack } from './jobs.ts'
import type { LimitFile } from './limit-file.ts'
import { collectLimits } from './limit-rows.ts'
import { readMeta, writeMeta } from './schema.ts'
import { beginWriting } from './writer-lock.ts'

/** What one operation does in its turn. It must not wait. */
export type LimitWork<T> = (context: LimitTurn) => T

/** What an operation is given in its turn. */
export interface LimitTurn {
  readonly database: Connection
  readonly now: number
  /** Notes that a row was added, so that the group deletes expired ones in its place. */
  added(): void
}

/** The queue of everyone who counts. */
export interface LimitQueue {
  run<T>(work: LimitWork<T>): Promise<T>
  close(): Promise<void>
}

interface Job {
  readonly work: (turn: LimitTurn) => () => void
  readonly reject: (error: unknown) => void
}

// 20 us each on a slow machine: a group holds the event loop up for half a millisecond at most.
const maxJobs = 24
// Another process holds the lock for as long as one group takes: the next turns of the loop are soon enough, then milliseconds.
const eagerTries = 16
const pollMs = 1
const collectedPerInsert = 2
const quietMs = 1_000

const pause = (tries: number): Promise<unknown> => (tries < eagerTries ? nextTurn() : delay(pollMs * (1 + Math.random())))

/** Runs operations in groups, each in one transaction: those that come in one turn of the event loop share it. Opens the file on first use. */
export function createLimitQueue(open: () => LimitFile, busyTimeoutMs: number): LimitQueue {
  let file: LimitFile | undefined
  let queue: Job[] = []
  let pumping: Promise<void> | undefined
  let isClosed = false
  let quietUntil = 0

  async function pump(): Promise<void> {
    while (queue.length > 0) {
      await nextTurn()
      try {
        file ??= open()
        await beginWriting(file.writer, busyTimeoutMs, pause)
      } catch (error) {
        rejectAll(queue.splice(0), toStoreError(error, 'beginning to count'))
        continue
      }
      runGroup(file)
      await file.checkpoints.afterCommit()
    }
    pumping = undefined
  }

  function runGroup({ writer, clock }: LimitFile): void {
    const jobs = queue.splice(0, maxJobs)
    try {
      clock.adopt(Number(readMeta(writer, 'clock-offset') ?? Number.NEGATIVE_INFINITY))
      const now = clock.now()
      let added = 0
      const turn: LimitTurn = { database: writer, now, added: () => void added++ }
      const answers = jobs.map(({ work }) => work(turn))
      const room = added * collectedPerInsert
      if (room > 0 && now >= quietUntil && collectLimits(writer, now, room) < room) quietUntil = now + quietMs
      const { unshared } = clock
      if (unshared !== undefined) writeMeta(writer, 'clock-offset', unshared)
      writer.prepare('COMMIT').run()
      if (unshared !== undefined) clock.adopt(unshared)
      for (const answer of answers) answer()
    } catch (error) {
      rollBack(writer)
      rejectAll(jobs, toStoreError(error, 'counting; nothing was kept'))
    }
  }

  return {
    run<T>(work: LimitWork<T>): Promise<T> {
      if (isClosed) return Promise.reject(storeUnavailable('the SQLite store is closed'))
      return new Promise<T>((resolve, reject) => {
        const answered = (turn: LimitTurn): (() => void) => {
          const result = work(turn)
          return () => resolve(result)
        }
        queue.push({ work: answered, reject })
        pumping ??= outside(pump)
      })
    },
    async close() {
      isClosed = true
      await pumping
      await file?.close()
      file = undefined
    },
  }
}
