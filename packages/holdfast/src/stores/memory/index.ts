import { configurationError } from '../../core/index.ts'
import type { Clock } from '../../core/index.ts'
import type { IdempotencyStore } from '../../idempotency/store.ts'
import { monotonicClock } from './clock.ts'
import { memoryIdempotency } from './idempotency.ts'

/** Options of {@link memory}. */
export interface MemoryOptions {
  /**
   * The most records kept. A new key beyond it is refused with `store-unavailable`: a live record is never dropped early, since
   * that would run a call twice.
   *
   * @default 100_000
   */
  readonly maxRecords?: number
  /**
   * What leases and retentions are judged by.
   *
   * @default epoch time that only moves forward, whatever the wall clock does
   */
  readonly clock?: Clock
}

/** A store in the memory of one process. */
export interface MemoryStore {
  readonly name: 'memory'
  readonly idempotency: IdempotencyStore
  /** Drops every record; operations reject with `store-unavailable` from then on. */
  close(): Promise<void>
}

/**
 * Keeps records in the memory of this process: for tests, and for a single small process that may forget its keys when it restarts.
 *
 * @example
 * const store = memory({ maxRecords: 10_000 })
 * await store.idempotency.lookup('never-seen') // undefined
 */
export function memory({ maxRecords = 100_000, clock = monotonicClock }: MemoryOptions = {}): MemoryStore {
  if (!Number.isSafeInteger(maxRecords) || maxRecords < 1)
    throw configurationError(`expected maxRecords to be a whole number from 1, got ${String(maxRecords)}`)
  const { store, close } = memoryIdempotency(maxRecords, clock)
  return {
    name: 'memory',
    idempotency: store,
    close() {
      close()
      return Promise.resolve()
    },
  }
}
