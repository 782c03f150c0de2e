import type { KeyRecord, KeyState } from '../../idempotency/record.ts'
import type { SqliteStatement } from './driver.ts'
import { scopeIndex } from './schema.ts'

/** A connection, or a caller's turn on it. */
interface Owner {
  own(sql: string): SqliteStatement
}

/** A row as SQLite gives it. */
interface Row {
  readonly id: string
  readonly scope: string
  readonly fingerprint: string
  readonly state: KeyState
  readonly owner: string
  readonly attempt: number
  readonly lease_until: number | null
  readonly progress: Uint8Array | null
  readonly answer: Uint8Array | null
  readonly created_at: number
  readonly completed_at: number | null
  readonly expires_at: number | null
}

// Columns by name everywhere: a newer release may have added some, which this one must leave as they are.
const columns = 'id, scope, fingerprint, state, owner, attempt, lease_until, progress, answer, created_at, completed_at, expires_at'
const select = `SELECT ${columns} FROM holdfast_keys WHERE id = ?`
const insert = `INSERT INTO holdfast_keys (${columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
const update =
  'UPDATE holdfast_keys SET scope = ?, fingerprint = ?, state = ?, owner = ?, attempt = ?, lease_until = ?, progress = ?, answer = ?, created_at = ?, completed_at = ?, expires_at = ? WHERE id = ?'
// The index over expires_at leaves out running records; they never expire.
const collect =
  "DELETE FROM holdfast_keys WHERE rowid IN (SELECT rowid FROM holdfast_keys WHERE expires_at <= ? AND state <> 'running' LIMIT ?)"

/** Reads one record, expired or not. */
export function loadRecord(database: Owner, id: string): KeyRecord | undefined {
  const row = database.own(select).get(id) as Row | undefined | null
  if (row === undefined || row === null) return undefined
  return {
    id: row.id,
    scope: row.scope,
    fingerprint: row.fingerprint,
    state: row.state,
    owner: row.owner,
    attempt: row.attempt,
    leaseUntil: row.lease_until ?? undefined,
    progress: row.progress ?? undefined,
    answer: row.answer ?? undefined,
    createdAt: row.created_at,
    completedAt: row.completed_at ?? undefined,
    expiresAt: row.expires_at ?? undefined,
  }
}

/** Writes a record; `before` is the one that `loadRecord` found in this transaction. */
export function saveRecord(database: Owner, before: KeyRecord | undefined, record: KeyRecord): void {
  const { id, scope, fingerprint, state, owner, attempt } = record
  const leaseUntil = record.leaseUntil ?? null
  const progress = record.progress ?? null
  const answer = record.answer ?? null
  const completedAt = record.completedAt ?? null
  const expiresAt = record.expiresAt ?? null
  if (before === undefined)
    database
      .own(insert)
      .run(id, scope, fingerprint, state, owner, attempt, leaseUntil, progress, answer, record.createdAt, completedAt, expiresAt)
  else
    database
      .own(update)
      .run(scope, fingerprint, state, owner, attempt, leaseUntil, progress, answer, record.createdAt, completedAt, expiresAt, id)
}

/** Deletes up to `limit` expired records. */
export function deleteExpired(database: Owner, now: number, limit: number): number {
  return Number(database.own(collect).run(now, limit).changes)
}

const count = `SELECT count(*) AS live FROM (
  SELECT 1 FROM holdfast_keys WHERE scope = ?1 AND expires_at IS NULL AND id <> ?2
  UNION ALL SELECT 1 FROM holdfast_keys WHERE scope = ?1 AND expires_at > ?3 AND id <> ?2
  LIMIT ?4)`

/** Counts an account's live records, one of them left out, but no further than `limit`. */
export function countLive(database: Owner, scope: string, exceptId: string, now: number, limit: number): number {
  // Prepared once, it does nothing from the second time on.
  database.own(scopeIndex).run()
  return (database.own(count).get(scope, exceptId, now, limit) as { live: number }).live
}
