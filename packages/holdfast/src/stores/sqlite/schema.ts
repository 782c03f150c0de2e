import { configurationError } from '../../core/index.ts'
import type { Connection } from './connection.ts'

/** The layout this code writes. Raise it with every change; changes only add columns, tables or indexes. */
export const schemaVersion = 1

/** The oldest code that can share a file of this layout. Raise it only when old code would break a promise on new rows. */
export const oldestCompatible = 1

// Rows lie in the order of insertion and only the index over `id` is random: a key costs one random page, not a whole row's.
// The answers are too long for WITHOUT ROWID, which measured 1.8 times as many pages a group.
const tables = `
CREATE TABLE IF NOT EXISTS holdfast_meta (name TEXT PRIMARY KEY, value) WITHOUT ROWID;
INSERT OR IGNORE INTO holdfast_meta (name, value) VALUES ('log-restarts', 0);
CREATE TABLE IF NOT EXISTS holdfast_keys (
  id TEXT NOT NULL UNIQUE,
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
    connection.exec(tables)
    const found = Number(readMeta(connection, 'schema-version') ?? 0)
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
  const table = connection.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'holdfast_meta'").get()
  return table !== undefined && table !== null && Number(readMeta(connection, 'schema-version') ?? 0) === schemaVersion
}

export function readMeta(connection: Connection, name: string): unknown {
  const row = connection.prepare('SELECT value FROM holdfast_meta WHERE name = ?').get(name)
  return (row as { value: unknown } | undefined)?.value
}

export function writeMeta(connection: Connection, name: string, value: number | string): void {
  connection
    .prepare('INSERT INTO holdfast_meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value')
    .run(name, value)
}
