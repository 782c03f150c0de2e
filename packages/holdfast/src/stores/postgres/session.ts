import { storeUnavailable } from '../../core/errors.ts'
import { onError } from './driver.ts'
import type { PooledClient, PostgresPool, PostgresResult } from './driver.ts'
import { isConnectionLoss } from './failure.ts'

/** One connection while the store, or a handler, uses it. */
export interface Session {
  readonly client: PooledClient
  /** Sends statements as one message and answers with one result each. Rejects after the time limit and destroys the connection. */
  script(text: string): Promise<readonly PostgresResult[]>
  /** Settles as the work does; after `limitMs` the connection is destroyed, so that whatever the work still sends fails. */
  within<T>(limitMs: number, what: string, work: Promise<T>): Promise<T>
  /** Gives the connection back. After an error that ended it, or with an error here, it is destroyed. May be called again. */
  release(error?: unknown): void
}

/** Takes a connection out of the pool. Whoever opens a session releases it. */
export async function openSession(pool: PostgresPool, timeoutMs: number): Promise<Session> {
  const client = await checkOut(pool, timeoutMs)
  let failure: unknown
  let isReleased = false
  // A connection that dies between two queries says so only by this event, and would end the process.
  const stopListening = onError(client, (error) => (failure ??= error))

  function release(error?: unknown): void {
    if (isReleased) return
    isReleased = true
    const reason = error ?? failure
    client.release(reason === undefined ? undefined : toError(reason))
    // The pool listens again from here on, but a destroyed client may still have something to say.
    if (reason === undefined) stopListening()
  }

  function within<T>(limitMs: number, what: string, work: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        const error = storeUnavailable(`${what} took longer than ${limitMs} ms; the connection was closed`)
        release(error)
        reject(error)
      }, limitMs)
      work.then(
        (value) => {
          clearTimeout(timer)
          resolve(value)
        },
        (error: unknown) => {
          clearTimeout(timer)
          reject(error as Error)
        },
      )
    })
  }

  async function script(text: string): Promise<readonly PostgresResult[]> {
    try {
      const results: unknown = await within(timeoutMs, 'a statement of the store', client.query(text))
      return (Array.isArray(results) ? results : [results]) as PostgresResult[]
    } catch (error) {
      if (isConnectionLoss(error)) failure ??= error
      throw error
    }
  }

  return { client, script, within, release }
}

/** Runs one message on a connection of its own and gives the connection back. */
export async function runScript(pool: PostgresPool, timeoutMs: number, text: string): Promise<readonly PostgresResult[]> {
  const session = await openSession(pool, timeoutMs)
  try {
    return await session.script(text)
  } finally {
    session.release()
  }
}

async function checkOut(pool: PostgresPool, timeoutMs: number): Promise<PooledClient> {
  const connecting = pool.connect()
  return new Promise((resolve, reject) => {
    let isLate = false
    const timer = setTimeout(() => {
      isLate = true
      reject(storeUnavailable(`no connection to Postgres within ${timeoutMs} ms`))
    }, timeoutMs)
    connecting.then(
      (client) => {
        clearTimeout(timer)
        // It came after all: nobody waits for it, and the pool must not lose it.
        if (isLate) client.release()
        else resolve(client)
      },
      (error: unknown) => {
        clearTimeout(timer)
        reject(toError(error))
      },
    )
  })
}

function toError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason))
}
