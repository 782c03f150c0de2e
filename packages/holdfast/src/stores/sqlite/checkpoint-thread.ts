import { Worker } from 'node:worker_threads'

/** The state of the log: frames in it, and how many of them are in the database file. `busy` says that a checkpoint could not end. */
export interface CheckpointResult {
  readonly busy: number
  readonly log: number
  readonly checkpointed: number
}

/** A thread with a connection of its own, which copies the log into the database file off the event loop. */
export interface CheckpointThread {
  /** PASSIVE copies what it can beside writers; FULL waits for them a moment, and copies all. One at a time. */
  run(mode: 'PASSIVE' | 'FULL'): Promise<CheckpointResult>
  close(): Promise<void>
}

// As text, because a URL to a file of its own is lost when the library is bundled. Whoever writes first after everything was copied
// starts the log anew, and SQLite syncs its new header on the spot: that is done here too, with a row nobody reads. But only while the
// log still ends where the copy did: later the row would restart nothing, and writing it empties the caches of all other connections.
// Where a writer keeps the lock, it does so itself; the copy has ended well all the same.
const program = `
const { parentPort, workerData } = require('node:worker_threads')
const { DatabaseSync } = require('node:sqlite')
const database = new DatabaseSync(workerData.path)
database.exec('PRAGMA busy_timeout = ' + workerData.waitMs + '; PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 0')
const checkpoint = (mode) => database.prepare('PRAGMA wal_checkpoint(' + mode + ')').get()
parentPort.on('message', (mode) => {
  if (mode === 'close') {
    database.close()
    parentPort.close()
    return
  }
  try {
    const result = checkpoint(mode)
    if (checkpoint('NOOP').log === result.checkpointed)
      try {
        database.exec("UPDATE holdfast_meta SET value = value + 1 WHERE name = 'log-restarts'")
      } catch {}
    parentPort.postMessage({ result })
  } catch (error) {
    parentPort.postMessage({ failure: String(error) })
  }
})
`

type Message = { readonly result: CheckpointResult } | { readonly failure: string }

/** Starts the thread on first use. Only for the SQLite that is part of Node: two copies of SQLite in one process break each other's locks. */
export function createCheckpointThread(path: string, waitMs: number): CheckpointThread {
  let worker: Worker | undefined
  let waiting: PromiseWithResolvers<CheckpointResult> | undefined

  function fail(error: unknown): void {
    worker = undefined
    waiting?.reject(error)
    waiting = undefined
  }

  function start(): Worker {
    const started = new Worker(program, { eval: true, workerData: { path, waitMs }, execArgv: ['--no-warnings'] })
    started.unref()
    started.on('message', (message: Message) => {
      if ('result' in message) waiting?.resolve(message.result)
      else waiting?.reject(new Error(message.failure))
      waiting = undefined
    })
    started.on('error', fail)
    started.on('exit', () => fail(new Error('the checkpoint thread ended')))
    return started
  }

  return {
    run(mode) {
      worker ??= start()
      waiting = Promise.withResolvers<CheckpointResult>()
      worker.postMessage(mode)
      return waiting.promise
    },
    async close() {
      if (worker === undefined) return
      const running = worker
      const ended = new Promise((resolve) => running.once('exit', resolve))
      running.postMessage('close')
      running.ref()
      await ended
    },
  }
}
