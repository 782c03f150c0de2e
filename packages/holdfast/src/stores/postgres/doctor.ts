import type { Finding } from '../../idempotency/store.ts'
import type { Context } from './context.ts'
import { toUnavailable } from './failure.ts'
import { text } from './literal.ts'
import type { Names } from './names.ts'
import type { Row } from './record-row.ts'
import { openSession, runScript } from './session.ts'

// Leases and retentions are judged by Postgres alone; only the age of a key, which its maker states by its own clock, is compared
// with it. Two seconds is far below any retention, and above what a synchronised machine shows.
const tolerableSkewMs = 2000

// The oldest Postgres that is still maintained is 14; the functions and locks used here work from 12 on.
const oldestServer = 120_000

/** Looks for settings under which a promise of this store does not hold. Works on a replica and without tables, too. */
export async function examine(context: Omit<Context, 'ready'>, locate: () => Promise<Names>): Promise<readonly Finding[]> {
  try {
    const names = await locate()
    const session = await openSession(context.pool, context.timeoutMs)
    const sentAt = Date.now()
    let row: Row
    try {
      const [result] = await session.script(question(names))
      row = result?.rows[0] ?? {}
    } finally {
      session.release()
    }
    const appNow = (sentAt + Date.now()) / 2
    return findingsOf(row, Number(row['clock']) - appNow, names)
  } catch (error) {
    throw toUnavailable(error)
  }
}

const question = (names: Names): string => `
SELECT (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS clock, pg_is_in_recovery() AS replica,
  current_setting('server_version_num')::integer AS release, current_setting('server_version') AS named, current_setting('fsync') AS fsync,
  current_setting('full_page_writes') AS pages, current_setting('synchronous_commit') AS waits, current_setting('transaction_read_only') AS frozen,
  (SELECT relpersistence::text FROM pg_class WHERE oid = to_regclass(${text(names.records)})) AS kept`

function findingsOf(row: Row, skewMs: number, names: Names): Finding[] {
  const findings: Finding[] = []
  const error = (code: string, message: string): void => void findings.push({ severity: 'error', code, message })
  const warning = (code: string, message: string): void => void findings.push({ severity: 'warning', code, message })

  if (row['replica'] === true) error('postgres-is-replica', 'This is a replica: keys cannot be claimed on it. Connect to the primary.')
  else if (row['frozen'] === 'on')
    error(
      'postgres-read-only',
      'Transactions are read-only here: keys cannot be claimed. Set default_transaction_read_only = off for this role and database.',
    )
  if (row['kept'] === 'u')
    error(
      'postgres-table-unlogged',
      `The table ${names.records} is UNLOGGED: a crash of the server empties it, and every key may run again. ALTER TABLE ${names.records} SET LOGGED.`,
    )
  // Not an error: every claim and every answer waits for the disk all the same, which the functions see to.
  if (row['waits'] === 'off')
    warning(
      'postgres-asynchronous-commit',
      'synchronous_commit is off: a crash of the server loses commits it acknowledged, all but those of Holdfast. Set synchronous_commit = on for this role.',
    )
  if (row['fsync'] === 'off')
    warning('postgres-fsync-off', 'fsync is off: a power failure may lose or damage all data. Turn it on wherever data matters.')
  if (row['pages'] === 'off')
    warning(
      'postgres-full-page-writes-off',
      'full_page_writes is off: a power failure may damage tables. Turn it on unless the file system writes pages whole.',
    )
  if (Math.abs(skewMs) > tolerableSkewMs)
    warning(
      'postgres-clock-skew',
      `The clocks of Postgres and this process differ by ${Math.round(skewMs)} ms: keys look older or younger than they are. Leases are not affected.`,
    )
  if (Number(row['release']) < oldestServer)
    error('postgres-too-old', `Postgres ${String(row['named'])} is older than 12, the oldest release this store works with.`)
  return findings
}

/** Finds the schema the tables live in: the one given, else the first of the connection's search path. */
export async function findSchema(context: Pick<Context, 'pool' | 'timeoutMs'>, schema: string | undefined): Promise<string> {
  if (schema !== undefined) return schema
  const [result] = await runScript(context.pool, context.timeoutMs, 'SELECT current_schema() AS schema')
  return String(result?.rows[0]?.['schema'] ?? 'public')
}
