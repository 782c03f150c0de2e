import { assertWhole } from '../../core/checks.ts'
import type { Clock } from '../../core/index.ts'
import type { IdempotencyStore } from '../../idempotency/store.ts'
import type { LimitStore } from '../../rate-limit/store.ts'
import type { VersionStore } from '../../versioning/store.ts'
import { clampedClock, monotonicClock } from './clock.ts'
import { memoryIdempotency } from './idempotency.ts'
import { memoryLimits } from './limits.ts'
import { memoryVersions } from './versions.ts'

export { memoryDocuments } from './documents.ts'

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
   * The most counters of rate limits kept, of each kind. Beyond it the least used one is forgotten, but never one that is used by more than
   * half; callers for whom there is no room then share a counter. 43 to 60 bytes each, for buckets.
   *
   * @default 100_000
   */
  readonly maxLimitKeys?: number
  /**
   * What leases, retentions and rate limits are judged by.
   *
   * @default epoch time that only moves forward, whatever the wall clock does; of limits, wall time that never goes back
   */
  readonly clock?: Clock
}

/** A store in the memory of one process. */
export interface MemoryStore {
  readonly name: 'memory'
  readonly idempotency: IdempotencyStore
  readonly limits: LimitStore & Required<Pick<LimitStore, 'adopt'>>
  readonly versions: VersionStore
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
export function memory({ maxRecords = 100_000, maxLimitKeys = 100_000, clock }: MemoryOptions = {}): MemoryStore {
  assertWhole('maxRecords', maxRecords, 1)
  assertWhole('maxLimitKeys', maxLimitKeys, 1)
  const versions = memoryVersions(clock ?? monotonicClock)
  const idempotency = memoryIdempotency(maxRecords, clock ?? monotonicClock)
  const limits = memoryLimits(maxLimitKeys, clock ?? clampedClock())
  return {
    name: 'memory',
    idempotency: idempotency.store,
    limits: limits.store,
    versions: versions.store,
    close() {
      idempotency.close()
      limits.close()
      versions.close()
      return Promise.resolve()
    },
  }
}
