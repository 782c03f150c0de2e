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
  toUnderWay,
} from '../../idempotency/decide.ts'
import type { Decision } from '../../idempotency/decide.ts'
import type { Claim, ClaimVerdict, KeyRecord, KeySnapshot } from '../../idempotency/record.ts'
import type {
  Finding,
  Guarantee,
  IdempotencyStore,
  TransactionContext,
  TransactionEnd,
  TransactionVerdict,
} from '../../idempotency/store.ts'
import type { StoreClock } from './clock.ts'
import type { GroupCommit } from './group-commit.ts'
import { countLive, deleteExpired, loadRecord, saveRecord } from './records.ts'
import type { Transaction } from './transaction.ts'

const guarantees: readonly Guarantee[] = ['exactly-once', 'resumable', 'at-most-once', 'at-least-once']
const nothing = new Uint8Array(0)

/** What the records need from their store. */
export interface RecordsOptions {
  readonly isDurable: boolean
  readonly group: GroupCommit
  readonly clock: StoreClock
  /** Reads one record, and resolves when what it says is on the disk. */
  readonly readDurably: (id: string) => Promise<KeyRecord | undefined>
  /** Notes that a record was added, so that the group deletes expired ones in its place. */
  readonly onInsert: () => void
  readonly doctor: () => Promise<readonly Finding[]>
}

/** Keeps the records of keys in the same file, and the same commits, as their effects. */
export function createRecords({ isDurable, group, clock, readDurably, onInsert, doctor }: RecordsOptions): Required<IdempotencyStore> {
  /** Calls in a transaction that has not ended, or wait for theirs: of another process they cannot be seen. */
  const underWay = new Set<Claim | undefined>()

  function save(transaction: Transaction, before: KeyRecord | undefined, after: KeyRecord | undefined): void {
    if (after === before || after === undefined) return
    saveRecord(transaction, before, after)
    transaction.hasWritten = true
    if (before === undefined) onInsert()
  }

  /** Reads, decides, writes: one statement changes something at most, so no savepoint is needed. */
  function decide<Verdict>(id: string, decision: (record: KeyRecord | undefined, now: number) => Decision<Verdict>): Promise<Verdict> {
    return group.run((transaction) => {
      const before = loadRecord(transaction, id)
      const { record, verdict } = decision(before, clock.now())
      save(transaction, before, record)
      return verdict
    })
  }

  function claimIn(transaction: Transaction, before: KeyRecord | undefined, claim: Claim): Decision<ClaimVerdict> {
    const now = clock.now()
    const { quota } = claim
    // Only a claim that would make a record is counted.
    const others = quota === undefined || isLive(before, now) ? 0 : countLive(transaction, claim.scope, claim.id, now, quota)
    return decideClaim(before, claim, now, others)
  }

  async function transact(
    claim: Claim | undefined,
    body: (context: TransactionContext) => Promise<TransactionEnd>,
  ): Promise<TransactionVerdict> {
    return group.run(async (transaction) => {
      if (claim === undefined) {
        const end = await transaction.inSavepoint(() => body({ transaction, attempt: 1 }), isCommit)
        return { kind: isCommit(end) ? 'committed' : 'rolled-back' }
      }
      const before = loadRecord(transaction, claim.id)
      const { record, verdict } = claimIn(transaction, before, claim)
      if (verdict.kind !== 'acquired') {
        save(transaction, before, record)
        return verdict
      }
      const end = await transaction.inSavepoint(async () => {
        const end = await body({ transaction, attempt: verdict.attempt })
        if (isCommit(end) && transaction.isOpen) {
          if (end.undoEffects === true) transaction.undo()
          const completion = { id: claim.id, owner: claim.owner, answer: end.commit, retentionMs: end.retentionMs }
          save(transaction, before, decideComplete(record, completion, clock.now()).record)
        }
        return end
      }, isCommit)
      return { kind: isCommit(end) ? 'committed' : 'rolled-back' }
    })
  }

  async function step(id: string, owner: string, body: (transaction: unknown) => Promise<Uint8Array>): Promise<true | undefined> {
    return group.run(async (transaction) => {
      const before = loadRecord(transaction, id)
      if (!decideStep(before, owner, nothing).verdict) return undefined
      await transaction.inSavepoint(async () => {
        const progress = await body(transaction)
        if (transaction.isOpen) save(transaction, before, decideStep(before, owner, progress).record)
      })
      return true
    })
  }

  return {
    name: 'sqlite',
    guarantees,
    durable: isDurable,
    claim: (claim) =>
      group.run((transaction) => {
        const before = loadRecord(transaction, claim.id)
        const { record, verdict } = claimIn(transaction, before, claim)
        save(transaction, before, record)
        return verdict
      }),
    complete: (completion) => decide(completion.id, (record, now) => decideComplete(record, completion, now)),
    release: (id, owner, retentionMs) => decide(id, (record, now) => decideRelease(record, owner, retentionMs, now)),
    abandon: (id, owner, unknownRetentionMs) => decide(id, (record, now) => decideAbandon(record, owner, unknownRetentionMs, now)),
    heartbeat: (id, owner, leaseMs) => decide(id, (record, now) => decideHeartbeat(record, owner, leaseMs, now)),
    resolve: (resolution) => decide(resolution.id, (record, now) => decideResolve(record, resolution, now)),
    async lookup(id): Promise<KeySnapshot | undefined> {
      // Before the read: what ends between the two has left its record.
      const isUnderWay = [...underWay].some((claim) => claim?.id === id)
      const snapshot = toSnapshot(await readDurably(id), clock.now())
      return isUnderWay ? toUnderWay(snapshot) : snapshot
    },
    collect: (limit) =>
      group.run((transaction) => {
        const deleted = deleteExpired(transaction, clock.now(), limit)
        if (deleted > 0) transaction.hasWritten = true
        return deleted
      }),
    doctor,
    transact(claim, body) {
      underWay.add(claim)
      return transact(claim, body).finally(() => underWay.delete(claim))
    },
    step,
  }
}

function isCommit(end: TransactionEnd): end is Extract<TransactionEnd, { commit: Uint8Array }> {
  return end.commit !== undefined
}
