import type { KeyRecord, KeyState } from '../../idempotency/record.ts'
import type { SqliteDatabase } from './driver.ts'
import { hashOf } from './key-hash.ts'
import type { KeyIndex } from './key-index.ts'
import { scopeIndex } from './schema.ts'

/** A row as SQLite gives it. */
interface Row {
  readonly seq: number
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

/** A record, and the number of its row. */
export interface StoredRecord extends KeyRecord {
  readonly seq: number
}

// Columns by name everywhere: a newer release may have added some, which this one must leave as they are.
const columns = 'id, scope, fingerprint, state, owner, attempt, lease_until, progress, answer, created_at, completed_at, expires_at'
const selectBySeq = `SELECT seq, ${columns} FROM holdfast_keys WHERE seq = ? AND id = ?`
// CROSS JOIN keeps the order: an entry of the index, then its row.
const selectByHash = `SELECT k.seq, ${columns} FROM holdfast_key_index AS i CROSS JOIN holdfast_keys AS k ON k.seq = i.seq WHERE i.hash = ? AND k.id = ?`
const insert = `INSERT INTO holdfast_keys (${columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
const update =
  'UPDATE holdfast_keys SET scope = ?, fingerprint = ?, state = ?, owner = ?, attempt = ?, lease_until = ?, progress = ?, answer = ?, created_at = ?, completed_at = ?, expires_at = ? WHERE seq = ?'
// The index over expires_at leaves out running records; they never expire.
const collect =
  "DELETE FROM holdfast_keys WHERE seq IN (SELECT seq FROM holdfast_keys WHERE expires_at <= ? AND state <> 'running' LIMIT ?) RETURNING seq, id"

/** Reads one record, expired or not. */
export function loadRecord(database: SqliteDatabase, keys: KeyIndex, id: string): StoredRecord | undefined {
  const hash = hashOf(id)
  const row = findRecent(database, keys.recent(hash), id) ?? (database.prepare(selectByHash).get(hash, id) as Row | undefined | null)
  if (row === undefined || row === null) return undefined
  return {
    seq: row.seq,
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

function findRecent(database: SqliteDatabase, seqs: readonly number[], id: string): Row | undefined {
  for (const seq of seqs) {
    const row = database.prepare(selectBySeq).get(seq, id) as Row | undefined | null
    if (row !== undefined && row !== null) return row
  }
  return undefined
}

/** Writes a record; `before` is the one that `loadRecord` found in this transaction. */
export function saveRecord(database: SqliteDatabase, keys: KeyIndex, before: StoredRecord | undefined, record: KeyRecord): void {
  const { id, scope, fingerprint, state, owner, attempt } = record
  const leaseUntil = record.leaseUntil ?? null
  const progress = record.progress ?? null
  const answer = record.answer ?? null
  const completedAt = record.completedAt ?? null
  const expiresAt = record.expiresAt ?? null
  if (before === undefined) {
    const { lastInsertRowid } = database
      .prepare(insert)
      .run(id, scope, fingerprint, state, owner, attempt, leaseUntil, progress, answer, record.createdAt, completedAt, expiresAt)
    keys.added(hashOf(id), Number(lastInsertRowid))
  } else
    database
      .prepare(update)
      .run(scope, fingerprint, state, owner, attempt, leaseUntil, progress, answer, record.createdAt, completedAt, expiresAt, before.seq)
}

/** Deletes up to `limit` expired records. */
export function deleteExpired(database: SqliteDatabase, keys: KeyIndex, now: number, limit: number): number {
  const rows = database.prepare(collect).all(now, limit) as Pick<Row, 'seq' | 'id'>[]
  for (const { seq, id } of rows) keys.deleted(database, hashOf(id), seq)
  return rows.length
}

const count = `SELECT count(*) AS live FROM (
  SELECT 1 FROM holdfast_keys WHERE scope = ?1 AND expires_at IS NULL AND id <> ?2
  UNION ALL SELECT 1 FROM holdfast_keys WHERE scope = ?1 AND expires_at > ?3 AND id <> ?2
  LIMIT ?4)`

/** Counts an account's live records, one of them left out, but no further than `limit`. */
export function countLive(database: SqliteDatabase, scope: string, exceptId: string, now: number, limit: number): number {
  database.exec(scopeIndex)
  return (database.prepare(count).get(scope, exceptId, now, limit) as { live: number }).live
}
