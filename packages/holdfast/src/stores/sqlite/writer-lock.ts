import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises'
import { storeUnavailable } from '../../core/index.ts'
import { isBusy } from './errors.ts'

/** Takes SQLite's one write lock in turn with other processes, without ever blocking the event loop. */
export interface WriterLock {
  /** Repeats `begin` while another connection holds the lock, up to the limit. */
  acquire(begin: () => void): Promise<void>
  /** Leaves room for others between two transactions of a busy process. */
  giveWay(): Promise<void>
}

// SQLite has no queue for its lock: who polls gets it when it happens to be free. A process with work left therefore pauses for about
// as long as others sleep between two tries, for a while after it had to wait itself.
const pollMs = 2
const pauseMs = 2
const signLastsMs = 200

export function createWriterLock(busyTimeoutMs: number, random: () => number = Math.random): WriterLock {
  let contendedUntil = 0

  return {
    async acquire(begin) {
      const deadline = performance.now() + busyTimeoutMs
      for (;;) {
        try {
          return begin()
        } catch (error) {
          if (!isBusy(error)) throw error
          const now = performance.now()
          if (now > deadline) throw storeUnavailable(`another process has held the database for ${busyTimeoutMs} ms`, error)
          contendedUntil = now + signLastsMs
          await delay(pollMs * (0.5 + random()))
        }
      }
    },
    async giveWay() {
      if (performance.now() < contendedUntil) await delay(pauseMs * (0.5 + random()))
      else await nextTurn()
    },
  }
}
