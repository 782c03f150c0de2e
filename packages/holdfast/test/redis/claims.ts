import { randomUUID } from 'node:crypto'
import type { Claim, Completion } from '../../src/idempotency/record.ts'

export const hourMs = 3_600_000

/** A claim with values most tests want: a new key and a new owner. */
export function claimWith(changes: Partial<Claim> = {}): Claim {
  return {
    id: randomUUID(),
    scope: 'account',
    fingerprint: 'call',
    owner: randomUUID(),
    leaseMs: hourMs,
    onOrphan: 'unknown',
    unknownRetentionMs: 720 * hourMs,
    retentionMs: 24 * hourMs,
    ...changes,
  }
}

/** The answer to a claim. */
export function answerTo({ id, owner, retentionMs }: Claim, answer: string | Uint8Array): Completion {
  return { id, owner, retentionMs, answer: typeof answer === 'string' ? Buffer.from(answer) : answer }
}

/** The same claim by another owner: what a repeat of the call makes. */
export function repeatOf(claim: Claim, changes: Partial<Claim> = {}): Claim {
  return { ...claim, owner: randomUUID(), ...changes }
}
