import { decideClaim, toSnapshot, toUnderWay } from '../../idempotency/decide.ts'
import type { Claim, ClaimVerdict, Completion, CompleteVerdict, KeySnapshot, Resolution } from '../../idempotency/record.ts'
import { ask } from './context.ts'
import type { Context } from './context.ts'
import { bytes, number, span, text } from './literal.ts'
import { toBytes, toReading } from './record-row.ts'
import { selectRecord } from './transact.sql.ts'

/** Claims a key in one round trip. */
export async function claim(context: Context, claim: Claim): Promise<ClaimVerdict> {
  const { id, scope, fingerprint, owner, leaseMs, onOrphan, unknownRetentionMs, retentionMs, mintedAt, quota } = claim
  const values = [
    ...[id, scope, fingerprint, owner].map(text),
    span(leaseMs),
    String(onOrphan === 'rerun'),
    span(unknownRetentionMs),
    span(retentionMs),
    number(mintedAt),
    number(quota),
  ]
  const [row] = await ask(context, (names) => `SELECT ${names.claim}(${values.join(', ')}) AS said`)
  return toVerdict(String(row?.['said']))
}

function toVerdict(said: string): ClaimVerdict {
  const [word, number, lease, hex = '-'] = said.split(' ')
  const kind = word as ClaimVerdict['kind']
  const attempt = Number(number)
  switch (kind) {
    case 'acquired':
      return { kind, attempt, progress: hex === '-' ? undefined : toBytes(hex) }
    case 'done':
      return { kind, answer: toBytes(hex), attempt }
    case 'running':
      return { kind, attempt, leaseLeftMs: Number(lease) }
    case 'unknown':
      return { kind, attempt }
    case 'mismatch':
    case 'expired':
    case 'quota':
      return { kind }
  }
}

/** Records the answer in one round trip. */
export async function complete(context: Context, { id, owner, answer, retentionMs }: Completion): Promise<CompleteVerdict> {
  const values = [text(id), text(owner), bytes(answer), span(retentionMs)].join(', ')
  const [row] = await ask(context, (names) => `SELECT ${names.complete}(${values}) AS verdict`)
  return row?.['verdict'] as CompleteVerdict
}

const after = (ms: number): string => `clock_timestamp() + ${span(ms)} * interval '1 millisecond'`

async function changeOwn(context: Context, id: string, owner: string, change: string): Promise<boolean> {
  const rows = await ask(
    context,
    ({ records }) =>
      `UPDATE ${records} SET ${change} WHERE id = ${text(id)} AND owner = ${text(owner)} AND state = 'running' RETURNING 1 AS changed`,
  )
  return rows.length > 0
}

/** Says the call had no effect. */
export function release(context: Context, id: string, owner: string, retentionMs: number): Promise<boolean> {
  return changeOwn(context, id, owner, `state = 'released', lease_until = NULL, expires_at = ${after(retentionMs)}`)
}

/** Says nobody knows whether the call had an effect. */
export function abandon(context: Context, id: string, owner: string, unknownRetentionMs: number): Promise<boolean> {
  return changeOwn(context, id, owner, `state = 'unknown', lease_until = NULL, expires_at = ${after(unknownRetentionMs)}`)
}

/** Extends the lease. */
export function heartbeat(context: Context, id: string, owner: string, leaseMs: number): Promise<boolean> {
  return changeOwn(context, id, owner, `lease_until = ${after(leaseMs)}`)
}

/** Settles an unknown key. */
export async function resolve(context: Context, { id, owner, answer, retentionMs }: Resolution): Promise<boolean> {
  const outcome =
    answer === undefined
      ? `state = 'released', answer = NULL`
      : `state = 'done', answer = ${bytes(answer)}, progress = NULL, completed_at = clock_timestamp()`
  const rows = await ask(
    context,
    ({ records }) =>
      `UPDATE ${records} SET owner = ${text(owner)}, ${outcome}, expires_at = ${after(retentionMs)} WHERE id = ${text(id)} AND state = 'unknown' RETURNING 1 AS changed`,
  )
  return rows.length > 0
}

/**
 * Reads a record that has not expired. Where there is none that says what happened, a transaction of any process may be about to write one: it holds
 * the lock of its key. One that let go of it before it was looked for is seen by another read: a commit is visible before its locks are free.
 */
export async function lookup(context: Context, id: string): Promise<KeySnapshot | undefined> {
  const before = await read(context, id)
  if (before !== undefined && before.state !== 'released') return before
  // Seen among the locks, and not tried for: whoever claims the key meanwhile must not find it taken by a look. No other kind of lock is called like it.
  const held = await ask(
    context,
    ({ lock }) =>
      `SELECT FROM pg_locks JOIN pg_database ON oid = database WHERE datname = current_database() AND classid::int8 << 32 | objid::int8 = ${lock('key', text(id))}`,
  )
  return held.length > 0 ? toUnderWay(before) : read(context, id)
}

async function read(context: Context, id: string): Promise<KeySnapshot | undefined> {
  const [row] = await ask(context, (names) => selectRecord(names, text(id)))
  const { record, now } = toReading(id, row)
  return toSnapshot(record, now)
}

/** What a claim would be told now, without claiming. `running` where it would be allowed to run: somebody was a moment ago. */
export async function peek(context: Context, claim: Claim): Promise<Exclude<ClaimVerdict, { kind: 'acquired' }>> {
  const [row] = await ask(context, (names) => selectRecord(names, text(claim.id)))
  const { record, now } = toReading(claim.id, row)
  return toTaken(decideClaim(record, claim, now).verdict)
}

/** A verdict on a key whose lock another transaction holds, so that nobody else may run it. */
export function toTaken(verdict: ClaimVerdict): Exclude<ClaimVerdict, { kind: 'acquired' }> {
  // A transaction has no lease. A second is how long a caller does well to wait before it looks again.
  return verdict.kind === 'acquired' ? { kind: 'running', attempt: verdict.attempt, leaseLeftMs: 1000 } : verdict
}
