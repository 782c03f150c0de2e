import type { Clock } from '../../core/index.ts'
import { storeUnavailable } from '../../core/index.ts'
import {
  decideAbandon,
  decideClaim,
  decideComplete,
  decideHeartbeat,
  decideRelease,
  decideResolve,
  isLive,
  toSnapshot,
} from '../../idempotency/decide.ts'
import type { Decision } from '../../idempotency/decide.ts'
import type { Claim, ClaimVerdict, KeyRecord } from '../../idempotency/record.ts'
import type { Finding, IdempotencyStore } from '../../idempotency/store.ts'
import { createRecords } from './records.ts'

/** An idempotency store that can be closed. */
export interface MemoryIdempotency {
  readonly store: IdempotencyStore
  close(): void
}

// More than one, so that a store under load deletes faster than it grows; few, so that no claim pays for many.
const collectedPerNewRecord = 2

const lostOnExit: readonly Finding[] = [
  {
    severity: 'warning',
    code: 'memory-lost-on-exit',
    message:
      'records are kept in this process only: a restart forgets every key, and a second process does not see them. Use SQLite or Postgres where that matters.',
  },
]

/** Makes an idempotency store in memory. Nothing is awaited between reading a record and writing it, so every operation is atomic. */
export function memoryIdempotency(maxRecords: number, clock: Clock): MemoryIdempotency {
  const records = createRecords()
  let closed = false

  function apply<Verdict>(before: KeyRecord | undefined, { record, verdict }: Decision<Verdict>): Promise<Verdict> {
    if (record !== undefined && record !== before) records.replace(before, record)
    return Promise.resolve(verdict)
  }

  function decided<Verdict>(id: string, decide: (record: KeyRecord | undefined, now: number) => Decision<Verdict>): Promise<Verdict> {
    if (closed) return refuse('the memory store is closed')
    const before = records.get(id)
    return apply(before, decide(before, clock.now()))
  }

  function claim(claim: Claim): Promise<ClaimVerdict> {
    if (closed) return refuse('the memory store is closed')
    const now = clock.now()
    const before = records.get(claim.id)
    const isNew = before === undefined
    if (isLive(before, now)) return apply(before, decideClaim(before, claim, now))
    // Each new record pays for two old ones; all that expired go before a claim is turned away for want of room.
    const isTight = records.size >= maxRecords || (claim.quota !== undefined && records.countOf(claim.scope) >= claim.quota)
    records.collect(isTight ? Number.POSITIVE_INFINITY : collectedPerNewRecord, now)
    const left = isNew ? undefined : records.get(claim.id)
    const others = records.countOf(claim.scope) - (left?.scope === claim.scope ? 1 : 0)
    const decision = decideClaim(left, claim, now, others)
    if (decision.verdict.kind === 'acquired' && left === undefined && records.size >= maxRecords)
      return refuse(`the memory store is full (maxRecords: ${maxRecords}) and nothing in it has expired yet`)
    return apply(left, decision)
  }

  const store: IdempotencyStore = {
    name: 'memory',
    guarantees: ['at-most-once', 'at-least-once'],
    durable: false,
    claim,
    complete: (completion) => decided(completion.id, (record, now) => decideComplete(record, completion, now)),
    release: (id, owner, retentionMs) => decided(id, (record, now) => decideRelease(record, owner, retentionMs, now)),
    abandon: (id, owner, unknownRetentionMs) => decided(id, (record, now) => decideAbandon(record, owner, unknownRetentionMs, now)),
    heartbeat: (id, owner, leaseMs) => decided(id, (record, now) => decideHeartbeat(record, owner, leaseMs, now)),
    resolve: (resolution) => decided(resolution.id, (record, now) => decideResolve(record, resolution, now)),
    lookup: (id) => decided(id, (record, now) => ({ record, verdict: toSnapshot(record, now) })),
    collect: (limit) => (closed ? refuse('the memory store is closed') : Promise.resolve(records.collect(limit, clock.now()))),
    doctor: () => Promise.resolve(lostOnExit),
  }

  return {
    store,
    close() {
      closed = true
      records.clear()
    },
  }
}

function refuse(message: string): Promise<never> {
  return Promise.reject(storeUnavailable(message))
}
