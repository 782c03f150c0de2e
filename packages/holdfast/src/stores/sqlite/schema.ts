import { configurationError } from '../../core/index.ts'
import type { Connection } from './connection.ts'
import type { SqliteDatabase } from './driver.ts'
import { hashOf } from './key-hash.ts'

/** The layout this code writes. Raise it with every change; changes only add columns, tables or indexes if they can. */
export const schemaVersion = 2

/** The oldest code that can share a file of this layout. Raise it only when old code would break a promise on new rows. */
export const oldestCompatible = 2

// Rows lie in the order of insertion, and only the index over ids is random: `key-index.ts` fills it late. The answers are too long for
// WITHOUT ROWID, which measured 1.8 times as many pages a group. AUTOINCREMENT: a number that was given twice would hide the second row
// from processes that knew the first.
const tables = `
CREATE TABLE IF NOT EXISTS holdfast_meta (name TEXT PRIMARY KEY, value) WITHOUT ROWID;
INSERT OR IGNORE INTO holdfast_meta (name, value) VALUES ('log-restarts', 0);
CREATE TABLE IF NOT EXISTS holdfast_keys (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL,
  scope TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  state TEXT NOT NULL,
  owner TEXT NOT NULL,
  attempt INTEGER NOT NULL,
  lease_until INTEGER,
  progress BLOB,
  answer BLOB,
  created_at INTEGER NOT NULL,
  completed_at INTEGER,
  expires_at INTEGER
);
CREATE INDEX IF NOT EXISTS holdfast_keys_by_expiry ON holdfast_keys (expires_at) WHERE expires_at IS NOT NULL;
CREATE TABLE IF NOT EXISTS holdfast_key_index (hash INTEGER NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (hash, seq)) WITHOUT ROWID;
`

// Version 1 had an index of SQLite over the ids, which cannot be dropped without the table.
const setAside = `
DROP INDEX IF EXISTS holdfast_keys_by_expiry;
DROP INDEX IF EXISTS holdfast_keys_by_scope;
ALTER TABLE holdfast_keys RENAME TO holdfast_keys_1;
`
const columns = 'id, scope, fingerprint, state, owner, attempt, lease_until, progress, answer, created_at, completed_at, expires_at'
const takeOver = `
INSERT INTO holdfast_keys (${columns}) SELECT ${columns} FROM holdfast_keys_1 ORDER BY rowid;
DROP TABLE holdfast_keys_1;
`

/** Counts by account need it; made when the first claim with a quota comes, because every insert pays for it. */
export const scopeIndex = 'CREATE INDEX IF NOT EXISTS holdfast_keys_by_scope ON holdfast_keys (scope, expires_at)'

/**
 * Makes or upgrades the tables. Processes of two versions may share a file during a rolling deploy: a newer layout is accepted as
 * long as it says that code of this version may use it.
 */
export function migrate(connection: Connection): void {
  // A process that starts beside busy ones must not have to wait for the writer only to find that there is nothing to do.
  if (isCurrent(connection)) return
  connection.exec('BEGIN IMMEDIATE')
  try {
    const found = versionOf(connection)
    if (found === 1) connection.exec(setAside)
    connection.exec(tables)
    if (found === 1) {
      connection.exec(takeOver)
      indexAll(connection)
    }
    const needed = Number(readMeta(connection, 'oldest-compatible') ?? 0)
    if (needed > schemaVersion)
      throw configurationError(
        `the file's tables have version ${found} and need a Holdfast that knows version ${needed}; this one knows version ${schemaVersion}. Deploy the newer release, or open another file`,
      )
    if (found < schemaVersion) {
      writeMeta(connection, 'schema-version', schemaVersion)
      writeMeta(connection, 'oldest-compatible', oldestCompatible)
    }
    connection.exec('COMMIT')
  } catch (error) {
    connection.exec('ROLLBACK')
    throw error
  }
}

function isCurrent(connection: Connection): boolean {
  return versionOf(connection) === schemaVersion
}

/** 0 for a file without tables of ours. */
function versionOf(connection: Connection): number {
  const table = connection.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'holdfast_meta'").get()
  return table === undefined || table === null ? 0 : Number(readMeta(connection, 'schema-version') ?? 0)
}

function indexAll(connection: Connection): void {
  const page = connection.prepare('SELECT seq, id FROM holdfast_keys WHERE seq > ? ORDER BY seq LIMIT 1000')
  const add = connection.prepare('INSERT INTO holdfast_key_index (hash, seq) VALUES (?, ?)')
  let last = 0
  for (;;) {
    const rows = page.all(last) as { seq: number; id: string }[]
    for (const { seq, id } of rows) add.run(hashOf(id), seq)
    const end = rows.at(-1)
    if (end === undefined) break
    last = end.seq
  }
  writeMeta(connection, 'indexed-to', last)
}

export function readMeta(connection: SqliteDatabase, name: string): unknown {
  const row = connection.prepare('SELECT value FROM holdfast_meta WHERE name = ?').get(name)
  return (row as { value: unknown } | undefined)?.value
}

export function writeMeta(connection: SqliteDatabase, name: string, value: number | string): void {
  connection
    .prepare('INSERT INTO holdfast_meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value')
    .run(name, value)
}
