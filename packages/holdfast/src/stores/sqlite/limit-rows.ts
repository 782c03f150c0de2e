import { ttlMs } from '../../rate-limit/decide.ts'
import type { Meter, MeterState } from '../../rate-limit/store.ts'
import type { LimitName } from '../limit-name.ts'
import type { SqliteDatabase } from './driver.ts'

/** What is kept of a counter. */
export interface LimitRow {
  readonly state: MeterState
  readonly expiresAt: number
}

// The file holds short rows that are rewritten all the time: what is written for one is its page, so small pages write less.
export const limitPageBytes = 1024

/** The tables of the file; `holdfast_meta` is as in the main one. */
export const limitTables = `
CREATE TABLE IF NOT EXISTS holdfast_meta (name TEXT PRIMARY KEY, value) WITHOUT ROWID;
INSERT OR IGNORE INTO holdfast_meta (name, value) VALUES ('log-restarts', 0);
CREATE TABLE IF NOT EXISTS holdfast_limits (
  owner TEXT NOT NULL,
  counter TEXT NOT NULL,
  state TEXT NOT NULL,
  expires_at INTEGER NOT NULL,
  PRIMARY KEY (owner, counter)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS holdfast_limits_by_expiry ON holdfast_limits (expires_at);
CREATE TABLE IF NOT EXISTS holdfast_limit_tokens (token TEXT PRIMARY KEY, expires_at INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS holdfast_limit_tokens_by_expiry ON holdfast_limit_tokens (expires_at);
`

// A counter in use would move in the index at every call: it is kept longer than it must be, and moves seldom.
const keepMs = (neededMs: number): number => Math.ceil(1.25 * neededMs) + 60_000
// A settlement may come again for a minute.
const tokenMs = 120_000

const select = 'SELECT state, expires_at FROM holdfast_limits WHERE owner = ? AND counter = ?'
const insert = 'INSERT INTO holdfast_limits (owner, counter, state, expires_at) VALUES (?, ?, ?, ?)'
const update = 'UPDATE holdfast_limits SET state = ? WHERE owner = ? AND counter = ?'
const move = 'UPDATE holdfast_limits SET state = ?, expires_at = ? WHERE owner = ? AND counter = ?'
const collectRows =
  'DELETE FROM holdfast_limits WHERE (owner, counter) IN (SELECT owner, counter FROM holdfast_limits WHERE expires_at <= ? LIMIT ?)'
const addToken = 'INSERT OR IGNORE INTO holdfast_limit_tokens (token, expires_at) VALUES (?, ?)'
const collectTokens =
  'DELETE FROM holdfast_limit_tokens WHERE token IN (SELECT token FROM holdfast_limit_tokens WHERE expires_at <= ? LIMIT ?)'

/** Reads one counter. */
export function loadLimit(database: SqliteDatabase, { owner, counter }: LimitName): LimitRow | undefined {
  const row = database.prepare(select).get(owner, counter) as { state: string; expires_at: number } | undefined | null
  if (row === undefined || row === null) return undefined
  return { state: row.state.split(' ').map(Number), expiresAt: row.expires_at }
}

/** Writes one counter; `before` is what `loadLimit` found in this transaction. Returns whether a row was added. */
export function saveLimit(
  database: SqliteDatabase,
  { owner, counter }: LimitName,
  before: LimitRow | undefined,
  { meter, state, now }: { meter: Meter; state: MeterState; now: number },
): boolean {
  const text = state.join(' ')
  const neededMs = ttlMs(meter, state, now)
  if (before === undefined) database.prepare(insert).run(owner, counter, text, now + keepMs(neededMs))
  else if (now + neededMs > before.expiresAt) database.prepare(move).run(text, now + keepMs(neededMs), owner, counter)
  else database.prepare(update).run(text, owner, counter)
  return before === undefined
}

/** Notes that a settlement was applied; `false` when it had been before. */
export function addLimitToken(database: SqliteDatabase, token: string, now: number): boolean {
  return Number(database.prepare(addToken).run(token, now + tokenMs).changes) === 1
}

/** Deletes up to `limit` counters that are as good as absent. */
export function collectLimits(database: SqliteDatabase, now: number, limit: number): number {
  return Number(database.prepare(collectRows).run(now, limit).changes)
}

/** Deletes up to `limit` tokens that are old enough. */
export function collectLimitTokens(database: SqliteDatabase, now: number, limit: number): void {
  database.prepare(collectTokens).run(now, limit)
}
