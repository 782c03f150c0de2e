import { storeUnavailable } from '../../src/core/index.ts'
import type { Clock } from '../../src/core/index.ts'
import {
  decideAbandon,
  decideClaim,
  decideComplete,
  decideHeartbeat,
  decideRelease,
  decideResolve,
  decideStep,
  isLive,
  toSnapshot,
} from '../../src/idempotency/decide.ts'
import type { Decision } from '../../src/idempotency/decide.ts'
import type { KeyRecord } from '../../src/idempotency/record.ts'
import type { IdempotencyStore } from '../../src/idempotency/store.ts'

/** What may happen to an operation on its way: it is given the operation and decides what becomes of it. */
export type Fault = (operation: () => Promise<never>) => Promise<never>

/** The store does not answer, and does nothing. */
export const hangs: Fault = () => new Promise(() => {})
/** The store refuses. */
export const fails: Fault = () => Promise.reject(storeUnavailable('the store is away'))
/** The store does it, then the connection breaks. */
export const losesReply: Fault = async (operation) => {
  await operation()
  throw storeUnavailable('the connection broke')
}
/** The store does it, and its answer never comes. */
export const keepsReply: Fault = async (operation) => {
  await operation()
  return new Promise(() => {})
}

type Operation = 'claim' | 'complete' | 'release' | 'heartbeat' | 'resolve' | 'lookup' | 'transact' | 'step'

/** A store with every ability on a given clock, which can be told to fail. It outlives its "processes": policies made over it. */
export interface VirtualStore {
  readonly store: IdempotencyStore
  readonly records: Map<string, KeyRecord>
  /** Rows that transactions have committed. */
  readonly rows: string[]
  /** What happens to each operation from now on. */
  readonly faults: Partial<Record<Operation, Fault>>
  /** How often each operation was asked for. */
  readonly asked: Partial<Record<Operation, number>>
}

/** Makes an empty store. `transaction` of its transactions is an array of rows, committed with the record. */
export function virtualStore(clock: Clock): VirtualStore {
  const records = new Map<string, KeyRecord>()
  const rows: string[] = []
  const faults: Partial<Record<Operation, Fault>> = {}
  const asked: Partial<Record<Operation, number>> = {}
  const locks = new Set<string>()

  function guarded<T>(operation: Operation, run: () => Promise<T>): Promise<T> {
    asked[operation] = (asked[operation] ?? 0) + 1
    const fault = faults[operation]
    return fault === undefined ? run() : fault(run as () => Promise<never>)
  }

  async function apply<Verdict>(id: string, decide: (record: KeyRecord | undefined) => Decision<Verdict>): Promise<Verdict> {
    const { record, verdict } = decide(records.get(id))
    if (record !== undefined) records.set(id, record)
    return verdict
  }

  const others = (id: string, scope: string): number =>
    [...records.values()].filter((record) => record.id !== id && record.scope === scope && isLive(record, clock.now())).length

  const store: IdempotencyStore = {
    name: 'virtual',
    guarantees: ['exactly-once', 'resumable', 'at-most-once', 'at-least-once'],
    durable: true,
    claim: (claim) =>
      guarded('claim', () => apply(claim.id, (record) => decideClaim(record, claim, clock.now(), others(claim.id, claim.scope)))),
    complete: (completion) => guarded('complete', () => apply(completion.id, (record) => decideComplete(record, completion, clock.now()))),
    release: (id, owner, retentionMs) =>
      guarded('release', () => apply(id, (record) => decideRelease(record, owner, retentionMs, clock.now()))),
    abandon: (id, owner, retentionMs) => apply(id, (record) => decideAbandon(record, owner, retentionMs, clock.now())),
    heartbeat: (id, owner, leaseMs) =>
      guarded('heartbeat', () => apply(id, (record) => decideHeartbeat(record, owner, leaseMs, clock.now()))),
    resolve: (resolution) => guarded('resolve', () => apply(resolution.id, (record) => decideResolve(record, resolution, clock.now()))),
    lookup: (id) => guarded('lookup', async () => toSnapshot(records.get(id), clock.now())),
    collect: async () => 0,
    doctor: async () => [],
    transact: (claim, body) =>
      guarded('transact', async () => {
        const written: string[] = []
        if (claim === undefined) {
          const { commit } = await body({ transaction: written, attempt: 1 })
          if (commit === undefined) return { kind: 'rolled-back' }
          rows.push(...written)
          return { kind: 'committed' }
        }
        if (locks.has(claim.id)) return { kind: 'running', attempt: 1, leaseLeftMs: 0 }
        const { record, verdict } = decideClaim(records.get(claim.id), claim, clock.now(), others(claim.id, claim.scope))
        if (verdict.kind !== 'acquired') return verdict
        locks.add(claim.id)
        try {
          const end = await body({ transaction: written, attempt: verdict.attempt })
          if (end.commit === undefined) return { kind: 'rolled-back' }
          const done = decideComplete(
            record,
            { id: claim.id, owner: claim.owner, answer: end.commit, retentionMs: end.retentionMs },
            clock.now(),
          )
          records.set(claim.id, done.record as KeyRecord)
          if (end.undoEffects !== true) rows.push(...written)
          return { kind: 'committed' }
        } finally {
          locks.delete(claim.id)
        }
      }),
    step: (id, owner, body) =>
      guarded('step', async () => {
        const written: string[] = []
        const progress = await body(written)
        const saved = await apply(id, (record) => decideStep(record, owner, progress))
        if (!saved) return undefined
        rows.push(...written)
        return true
      }),
  }
  return { store, records, rows, faults, asked }
}
