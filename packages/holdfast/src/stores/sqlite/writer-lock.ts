import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises'
import { storeUnavailable } from '../../core/index.ts'
import type { Connection } from './connection.ts'
import { isBusy } from './errors.ts'

/** Takes SQLite's one write lock in turn with other processes, without ever blocking the event loop. */
export interface WriterLock {
  /** Begins a transaction that writes; repeats it while another connection holds the lock, up to the limit. */
  begin(writer: Connection): Promise<void>
  /** Leaves room for others between two transactions of a busy process. */
  giveWay(): Promise<void>
}

// SQLite has no queue for its lock: who polls gets it when it happens to be free. A process with work left therefore pauses for about
// as long as others sleep between two tries, for a while after it had to wait itself.
const pollMs = 2
const pauseMs = 2
const signLastsMs = 200

export function createWriterLock(busyTimeoutMs: number): WriterLock {
  let contendedUntil = 0

  return {
    begin: (writer) =>
      beginWriting(writer, busyTimeoutMs, () => {
        contendedUntil = performance.now() + signLastsMs
        return delay(pollMs * (0.5 + Math.random()))
      }),
    async giveWay() {
      if (performance.now() < contendedUntil) await delay(pauseMs * (0.5 + Math.random()))
      else await nextTurn()
    },
  }
}

/** Begins a transaction that writes; while another connection holds the lock, waits as `pause` says and tries again. */
export async function beginWriting(writer: Connection, limitMs: number, pause: (tries: number) => Promise<unknown>): Promise<void> {
  const deadline = performance.now() + limitMs
  for (let tries = 0; ; tries++) {
    try {
      return void writer.prepare('BEGIN IMMEDIATE').run()
    } catch (error) {
      if (!isBusy(error)) throw error
      if (performance.now() > deadline) throw storeUnavailable(`another process has held the database for ${limitMs} ms`, error)
      await pause(tries)
    }
  }
}
