import { createHash, randomUUID } from 'node:crypto'
import type { Claim } from '../../idempotency/record.ts'
import { hourMs } from './operation.ts'

/** Makes the ids, owners, scopes and fingerprints of one history: new ones each time, so that a store may hold other records. */
export interface Names {
  id(key: number): string
  owner(owner: number): string
  scope(scope: number): string
  fingerprint(fingerprint: number): string
}

/** Makes new names. They look like what the idempotency policy makes: hashes in hexadecimal. */
export function createNames(): Names {
  const nonce = randomUUID()
  const made = new Map<string, string>()
  function name(kind: string, number: number, length: number): string {
    const from = `${nonce} ${kind} ${number}`
    let hash = made.get(from)
    if (hash === undefined) {
      hash = createHash('sha256').update(from).digest('hex').slice(0, length)
      made.set(from, hash)
    }
    return hash
  }
  return {
    id: (key) => name('id', key, 64),
    owner: (owner) => name('owner', owner, 32),
    scope: (scope) => name('scope', scope, 32),
    fingerprint: (fingerprint) => name('fingerprint', fingerprint, 64),
  }
}

/** A claim with the values most checks want; `key` and `owner` pick which. */
export function claimOf(names: Names, key: number, owner: number, changes: Partial<Claim> = {}): Claim {
  return {
    id: names.id(key),
    scope: names.scope(0),
    fingerprint: names.fingerprint(0),
    owner: names.owner(owner),
    leaseMs: hourMs,
    onOrphan: 'unknown',
    unknownRetentionMs: 24 * hourMs,
    retentionMs: hourMs,
    ...changes,
  }
}
