import type { Claim, ClaimVerdict, CompleteVerdict, KeySnapshot } from '../../idempotency/record.ts'
import type { IdempotencyStore, TransactionVerdict } from '../../idempotency/store.ts'
import { claimOf } from './names.ts'
import type { Names } from './names.ts'
import { hourMs } from './operation.ts'
import type { ClaimOperation, Operation } from './operation.ts'

/** What an operation came to: the verdict of the store, or of the model. */
export type Outcome =
  | ClaimVerdict
  | TransactionVerdict
  | { readonly kind: 'threw' }
  | CompleteVerdict
  | boolean
  | KeySnapshot
  | number
  | undefined

/** The time by which keys are said to be minted, and the clock a test can move. */
export interface TestTime {
  now(): number
  advance(ms: number): void
}

/** The time where a store's clock cannot be moved. */
export const realTime: TestTime = {
  now: () => Date.now(),
  advance: () => undefined,
}

const encoder = new TextEncoder()

/** Writes an answer or a progress as the bytes a store keeps. */
export function toBytes(text: string): Uint8Array {
  return encoder.encode(text)
}

class BodyFailure extends Error {}

/** Sends an operation to a store. */
export async function perform(store: IdempotencyStore, operation: Operation, names: Names, time: TestTime): Promise<Outcome> {
  switch (operation.kind) {
    case 'claim':
      return store.claim(toClaim(operation, names, time.now()))
    case 'complete': {
      const { key, owner, answer, retentionMs } = operation
      return store.complete({ id: names.id(key), owner: names.owner(owner), answer: toBytes(answer), retentionMs })
    }
    case 'release':
      return store.release(names.id(operation.key), names.owner(operation.owner), operation.retentionMs)
    case 'abandon':
      return store.abandon(names.id(operation.key), names.owner(operation.owner), 24 * hourMs)
    case 'heartbeat':
      return store.heartbeat(names.id(operation.key), names.owner(operation.owner), operation.leaseMs)
    case 'resolve': {
      const { key, owner, answer, retentionMs } = operation
      return store.resolve({
        id: names.id(key),
        owner: names.owner(owner),
        answer: answer === undefined ? undefined : toBytes(answer),
        retentionMs,
      })
    }
    case 'step':
      return (await store.step?.(names.id(operation.key), names.owner(operation.owner), async () => toBytes(operation.progress))) ?? false
    case 'transact':
      return transact(store, operation, names, time)
    case 'lookup':
      return store.lookup(names.id(operation.key))
    case 'collect':
      return store.collect(operation.limit)
    case 'advance':
      time.advance(operation.ms)
      return undefined
  }
}

/** The claim a random operation stands for. Each third key belongs to an account of its own. */
export function toClaim(operation: Omit<ClaimOperation, 'kind'>, names: Names, now: number): Claim {
  const { key, owner, fingerprint, leaseMs, onOrphan, minted, quota } = operation
  return claimOf(names, key, owner, {
    scope: names.scope(scopeOf(key)),
    fingerprint: names.fingerprint(fingerprint),
    leaseMs,
    onOrphan,
    mintedAt: minted === 'unsaid' ? undefined : minted === 'recently' ? now : now - 10 * hourMs,
    quota,
  })
}

/** Which account a random history's key belongs to. */
export function scopeOf(key: number): number {
  return key === 2 ? 1 : 0
}

async function transact(
  store: IdempotencyStore,
  operation: Extract<Operation, { kind: 'transact' }>,
  names: Names,
  time: TestTime,
): Promise<Outcome> {
  const { end, answer, retentionMs } = operation
  try {
    return await store.transact?.(toClaim(operation, names, time.now()), async () => {
      if (end === 'throw') throw new BodyFailure('thrown by the body of the transaction')
      return end === 'commit' ? { commit: toBytes(answer), retentionMs } : { commit: undefined }
    })
  } catch (error) {
    if (error instanceof BodyFailure) return { kind: 'threw' }
    throw error
  }
}
