import type { Claim, ClaimVerdict, Completion, CompleteVerdict, KeyRecord, KeySnapshot, Resolution } from './record.ts'

/** A verdict, and the record as it is afterwards. `record` is the very same object when nothing changed. */
export interface Decision<Verdict> {
  readonly record: KeyRecord | undefined
  readonly verdict: Verdict
}

/** Whether a record still counts. A running or unknown one always does. */
export function isLive(record: KeyRecord | undefined, now: number): record is KeyRecord {
  if (record === undefined) return false
  if (record.state === 'running' || record.state === 'unknown') return true
  return record.expiresAt === undefined || record.expiresAt > now
}

/**
 * Decides a claim. Every store gives these verdicts; the property tests hold each of them to this function.
 *
 * @param liveKeys how many records the account has, this one not counted; looked at only when the claim has a quota
 */
export function decideClaim(record: KeyRecord | undefined, claim: Claim, now: number, liveKeys = 0): Decision<ClaimVerdict> {
  if (!isLive(record, now)) {
    // A collected record must never lead to a second effect: a key that may once have had one is not executed.
    if (claim.mintedAt !== undefined && claim.mintedAt + claim.retentionMs < now) return { record, verdict: { kind: 'expired' } }
    if (claim.quota !== undefined && liveKeys >= claim.quota) return { record, verdict: { kind: 'quota' } }
    return acquire(undefined, claim, now)
  }
  if (record.fingerprint !== claim.fingerprint) return { record, verdict: { kind: 'mismatch' } }
  switch (record.state) {
    case 'released':
      return acquire(record, claim, now)
    case 'running':
      return decideRunning(record, claim, now)
    case 'done':
      return { record, verdict: { kind: 'done', answer: record.answer as Uint8Array, attempt: record.attempt } }
    case 'unknown':
      return { record, verdict: { kind: 'unknown', attempt: record.attempt } }
  }
}

function decideRunning(record: KeyRecord, claim: Claim, now: number): Decision<ClaimVerdict> {
  // The reply to the first send was lost; the same owner must not lock itself out.
  if (record.owner === claim.owner) {
    const renewed: KeyRecord = { ...record, leaseUntil: now + claim.leaseMs }
    return { record: renewed, verdict: { kind: 'acquired', attempt: record.attempt, progress: record.progress } }
  }
  const leaseLeftMs = (record.leaseUntil as number) - now
  if (leaseLeftMs > 0) return { record, verdict: { kind: 'running', attempt: record.attempt, leaseLeftMs } }
  if (claim.onOrphan === 'rerun') return acquire(record, claim, now)
  return { record: toUnknown(record, now, claim.unknownRetentionMs), verdict: { kind: 'unknown', attempt: record.attempt } }
}

function acquire(before: KeyRecord | undefined, claim: Claim, now: number): Decision<ClaimVerdict> {
  const attempt = (before?.attempt ?? 0) + 1
  const record: KeyRecord = {
    id: claim.id,
    scope: claim.scope,
    fingerprint: claim.fingerprint,
    state: 'running',
    owner: claim.owner,
    attempt,
    leaseUntil: now + claim.leaseMs,
    progress: before?.progress,
    answer: undefined,
    createdAt: before?.createdAt ?? now,
    completedAt: undefined,
    expiresAt: undefined,
  }
  return { record, verdict: { kind: 'acquired', attempt, progress: record.progress } }
}

function toUnknown(record: KeyRecord, now: number, retentionMs: number): KeyRecord {
  return { ...record, state: 'unknown', leaseUntil: undefined, expiresAt: now + retentionMs }
}

/** Decides whether an answer is recorded. The only owner may still complete a key that became `unknown` meanwhile. */
export function decideComplete(record: KeyRecord | undefined, completion: Completion, now: number): Decision<CompleteVerdict> {
  if (record === undefined || record.owner !== completion.owner) return { record, verdict: 'fenced' }
  if (record.state === 'done') return { record, verdict: 'already' }
  if (record.state === 'released') return { record, verdict: 'fenced' }
  const { answer, retentionMs } = completion
  return {
    record: {
      ...record,
      state: 'done',
      answer,
      progress: undefined,
      leaseUntil: undefined,
      completedAt: now,
      expiresAt: now + retentionMs,
    },
    verdict: 'recorded',
  }
}

/** Decides a release: only the runner may say that nothing happened. */
export function decideRelease(record: KeyRecord | undefined, owner: string, retentionMs: number, now: number): Decision<boolean> {
  if (!isRunningUnder(record, owner)) return { record, verdict: false }
  return { record: { ...record, state: 'released', leaseUntil: undefined, expiresAt: now + retentionMs }, verdict: true }
}

/** Decides an abandonment: only the runner may say that the outcome is unknown. */
export function decideAbandon(record: KeyRecord | undefined, owner: string, unknownRetentionMs: number, now: number): Decision<boolean> {
  if (!isRunningUnder(record, owner)) return { record, verdict: false }
  return { record: toUnknown(record, now, unknownRetentionMs), verdict: true }
}

/** Decides a heartbeat. A lease that ran out but was not taken over is extended: nobody else can have run. */
export function decideHeartbeat(record: KeyRecord | undefined, owner: string, leaseMs: number, now: number): Decision<boolean> {
  if (!isRunningUnder(record, owner)) return { record, verdict: false }
  return { record: { ...record, leaseUntil: now + leaseMs }, verdict: true }
}

/** Decides whether a step's progress is saved. */
export function decideStep(record: KeyRecord | undefined, owner: string, progress: Uint8Array): Decision<boolean> {
  if (!isRunningUnder(record, owner)) return { record, verdict: false }
  return { record: { ...record, progress }, verdict: true }
}

/** Decides the settlement of an `unknown` key. The first one wins. */
export function decideResolve(record: KeyRecord | undefined, resolution: Resolution, now: number): Decision<boolean> {
  if (record?.state !== 'unknown') return { record, verdict: false }
  const { owner, answer, retentionMs } = resolution
  const settled: KeyRecord = { ...record, owner, answer, state: answer === undefined ? 'released' : 'done', expiresAt: now + retentionMs }
  return { record: answer === undefined ? settled : { ...settled, progress: undefined, completedAt: now }, verdict: true }
}

/** Whether a record may be deleted. */
export function isCollectable(record: KeyRecord, now: number): boolean {
  return record.state !== 'running' && record.expiresAt !== undefined && record.expiresAt <= now
}

/** What a look-up tells of a record. */
export function toSnapshot(record: KeyRecord | undefined, now: number): KeySnapshot | undefined {
  if (!isLive(record, now)) return undefined
  return {
    state: record.state,
    attempt: record.attempt,
    ageMs: now - record.createdAt,
    expiresInMs: record.expiresAt === undefined ? undefined : record.expiresAt - now,
    leaseLeftMs: record.leaseUntil === undefined ? undefined : record.leaseUntil - now,
    answer: record.answer,
  }
}

/** What is known of a key whose transaction has not ended, given what its record says: there may be none yet, or one of an earlier run. */
export function toUnderWay(before: KeySnapshot | undefined): KeySnapshot {
  if (before !== undefined && before.state !== 'released') return before
  // A transaction has no lease, and what was released has no answer.
  return { ageMs: 0, ...before, state: 'running', attempt: (before?.attempt ?? 0) + 1, expiresInMs: undefined } as KeySnapshot
}

function isRunningUnder(record: KeyRecord | undefined, owner: string): record is KeyRecord {
  return record !== undefined && record.state === 'running' && record.owner === owner
}
