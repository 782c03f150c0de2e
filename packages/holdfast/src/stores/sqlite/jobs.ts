import { AsyncLocalStorage } from 'node:async_hooks'
import type { Connection } from './connection.ts'

/** Where pumps run: they serve many callers and outlive each, so they must not be in the async context of the one who happened to start them. */
export const outside: ReturnType<typeof AsyncLocalStorage.snapshot> = AsyncLocalStorage.snapshot()

/** Somebody who waits for what a transaction comes to. */
export interface Waiting {
  readonly reject: (error: unknown) => void
}

/** Tells all who wait that nothing came of it. */
export function rejectAll(jobs: readonly Waiting[], error: Error): void {
  for (const { reject } of jobs) reject(error)
}

/** Ends a transaction that failed. */
export function rollBack(writer: Connection): void {
  try {
    writer.prepare('ROLLBACK').run()
  } catch {
    // SQLite has rolled back already, or the connection is gone: the next BEGIN tells.
  }
}
