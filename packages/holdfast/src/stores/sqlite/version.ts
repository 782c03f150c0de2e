import type { Connection } from './connection.ts'

/** The version of the SQLite behind a connection: `3.51.3`. */
export function versionOf(connection: Connection): string {
  return (connection.prepare('SELECT sqlite_version() AS version').get() as { version: string }).version
}

// The first release without the bug, and the patches of older lines that have the fix too.
const fixed: ReadonlyMap<number, number> = new Map([
  [51, 3],
  [50, 7],
  [44, 6],
])

/**
 * Whether a checkpoint beside a writer may, at the worst moment, corrupt the file
 * (https://sqlite.org/wal.html, "the WAL-reset bug"; all releases before 3.51.3).
 */
export function hasWalResetBug(version: string): boolean {
  const [major = 0, minor = 0, patch = 0] = version.split('.').map(Number)
  if (major !== 3) return major < 3
  return minor < 52 && patch < (fixed.get(minor) ?? Number.POSITIVE_INFINITY)
}

/** Whether this SQLite can copy its log in another thread, and tell how long the log is without copying: `NOOP` came with 3.51. */
export function canCheckpointBeside(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return !hasWalResetBug(version) && (major > 3 || minor >= 51)
}
