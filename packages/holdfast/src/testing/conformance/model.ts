import {
  decideAbandon,
  decideClaim,
  decideComplete,
  decideHeartbeat,
  decideRelease,
  decideResolve,
  decideStep,
  isCollectable,
  toSnapshot,
} from '../../idempotency/decide.ts'
import type { Decision } from '../../idempotency/decide.ts'
import type { KeyRecord } from '../../idempotency/record.ts'
import { toClaim, toBytes } from './perform.ts'
import type { Outcome } from './perform.ts'
import type { Names } from './names.ts'
import { hourMs } from './operation.ts'
import type { Operation } from './operation.ts'

/** An operation on one key. */
export type KeyOperation = Extract<Operation, { key: number }>

/** What a decision may depend on besides the record. */
export interface Circumstances {
  readonly names: Names
  readonly now: number
  /** How many other records the account has: all of them, and those that have not expired. Which are counted depends on when a store collects. */
  readonly others: readonly number[]
}

/**
 * Everything `decide.ts` allows an operation to come to. More than one thing only where it matters whether a record that may
 * be deleted has been deleted yet: stores may do that at any time.
 */
export function decisionsOn(
  record: KeyRecord | undefined,
  operation: KeyOperation,
  circumstances: Circumstances,
): readonly Decision<Outcome>[] {
  const kept = decisionsOnKept(record, operation, circumstances)
  if (record === undefined || !isCollectable(record, circumstances.now)) return kept
  return [...kept, ...decisionsOnKept(undefined, operation, circumstances)]
}

function decisionsOnKept(
  record: KeyRecord | undefined,
  operation: KeyOperation,
  circumstances: Circumstances,
): readonly Decision<Outcome>[] {
  const counts = 'quota' in operation && operation.quota !== undefined ? circumstances.others : [0]
  return counts.map((others) => decide(record, operation, circumstances, others))
}

function decide(record: KeyRecord | undefined, operation: KeyOperation, { names, now }: Circumstances, others: number): Decision<Outcome> {
  switch (operation.kind) {
    case 'claim':
      return decideClaim(record, toClaim(operation, names, now), now, others)
    case 'complete': {
      const { key, owner, answer, retentionMs } = operation
      return decideComplete(record, { id: names.id(key), owner: names.owner(owner), answer: toBytes(answer), retentionMs }, now)
    }
    case 'release':
      return decideRelease(record, names.owner(operation.owner), operation.retentionMs, now)
    case 'abandon':
      return decideAbandon(record, names.owner(operation.owner), 24 * hourMs, now)
    case 'heartbeat':
      return decideHeartbeat(record, names.owner(operation.owner), operation.leaseMs, now)
    case 'resolve': {
      const { key, owner, answer, retentionMs } = operation
      const resolution = {
        id: names.id(key),
        owner: names.owner(owner),
        answer: answer === undefined ? undefined : toBytes(answer),
        retentionMs,
      }
      return decideResolve(record, resolution, now)
    }
    case 'step':
      return decideStep(record, names.owner(operation.owner), toBytes(operation.progress))
    case 'transact':
      return decideTransact(record, operation, names, now, others)
    case 'lookup':
      return { record, verdict: toSnapshot(record, now) }
  }
}

function decideTransact(
  record: KeyRecord | undefined,
  operation: Extract<Operation, { kind: 'transact' }>,
  names: Names,
  now: number,
  others: number,
): Decision<Outcome> {
  const claim = toClaim(operation, names, now)
  const { record: running, verdict } = decideClaim(record, claim, now, others)
  if (verdict.kind !== 'acquired') return { record: running, verdict }
  if (operation.end === 'throw') return { record, verdict: { kind: 'threw' } }
  if (operation.end === 'roll back') return { record, verdict: { kind: 'rolled-back' } }
  const { answer, retentionMs } = operation
  const { record: done } = decideComplete(running, { id: claim.id, owner: claim.owner, answer: toBytes(answer), retentionMs }, now)
  return { record: done, verdict: { kind: 'committed' } }
}
