import { configurationError, isHoldfastError, storeUnavailable } from '../../core/errors.ts'
import type { PostgresPool } from './driver.ts'
import { firstBeginFunction, firstFinishFunction } from './first-transact.sql.ts'
import { claimFunction, completeFunction, isFullFunction } from './functions.sql.ts'
import { limitStatements } from './limits.sql.ts'
import { text } from './literal.ts'
import type { Names } from './names.ts'
import { openSession, runScript } from './session.ts'
import { beginProcedure, finishNewProcedure, finishProcedure, stepFunction } from './transact.sql.ts'
import { versionStatements } from './versions.ts'

/** One step of the schema's history. Steps only add: code of any earlier version goes on working beside a later one. */
interface Migration {
  readonly version: number
  /** The oldest version of this code that may use the schema after this step. */
  readonly oldest: number
  readonly statements: (names: Names) => readonly string[]
}

// Answers and progress are sealed, and sealed bytes do not compress: EXTERNAL spares the attempt. A tenth of each page is left free for
// heartbeats, which change no index. Vacuum comes early: a busy table replaces all of its rows every day. No CHECK on the state and no
// partial index: Postgres prepares such expressions anew for every INSERT, an eighth of its cost, and only our functions write here.
const first: Migration = {
  version: 1,
  oldest: 1,
  statements: (names) => [
    `CREATE TABLE IF NOT EXISTS ${names.records} (
      id text COLLATE "C" PRIMARY KEY,
      scope text COLLATE "C" NOT NULL,
      fingerprint text COLLATE "C" NOT NULL,
      state text COLLATE "C" NOT NULL,
      owner text COLLATE "C" NOT NULL,
      attempt integer NOT NULL,
      lease_until timestamptz,
      created_at timestamptz NOT NULL,
      completed_at timestamptz,
      expires_at timestamptz,
      progress bytea,
      answer bytea
    ) WITH (fillfactor = 90, autovacuum_vacuum_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.05)`,
    `ALTER TABLE ${names.records} ALTER COLUMN answer SET STORAGE EXTERNAL, ALTER COLUMN progress SET STORAGE EXTERNAL`,
    `CREATE INDEX IF NOT EXISTS ${index(names, '_expires')} ON ${names.records} (expires_at)`,
    `CREATE INDEX IF NOT EXISTS ${index(names, '_scope')} ON ${names.records} (scope)`,
    isFullFunction(names),
    claimFunction(names),
    completeFunction(names),
    firstBeginFunction(names),
    firstFinishFunction(names),
    stepFunction(names),
  ],
}

const second: Migration = { version: 2, oldest: 1, statements: limitStatements }

const third: Migration = { version: 3, oldest: 1, statements: versionStatements }

const fourth: Migration = { version: 4, oldest: 1, statements: (names) => [beginProcedure(names)] }

const fifth: Migration = { version: 5, oldest: 1, statements: (names) => [finishProcedure(names), finishNewProcedure(names)] }

const migrations: readonly Migration[] = [first, second, third, fourth, fifth]

/** The version of the schema this code writes. */
export const schemaVersion: number = migrations.length

/** Makes the schema, or brings it up to date. Any number of processes may do so at once: one works, the others find it done. */
export async function migrate(pool: PostgresPool, timeoutMs: number, names: Names): Promise<void> {
  const before = await readVersion(pool, timeoutMs, names)
  if (before >= schemaVersion) return
  const session = await openSession(pool, timeoutMs)
  try {
    await session.script(
      `BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; SELECT pg_advisory_xact_lock(${names.lock('migrate', "''")});
       ${createSchema(names)};
       CREATE TABLE IF NOT EXISTS ${names.versions} (version integer PRIMARY KEY, oldest integer NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())`,
    )
    const [rows] = await session.script(`SELECT coalesce(max(version), 0) AS version FROM ${names.versions}`)
    const current = Number(rows?.rows[0]?.['version'])
    const missing = migrations.filter(({ version }) => version > current)
    const statements = missing.flatMap(({ version, oldest, statements }) => [
      ...statements(names),
      `INSERT INTO ${names.versions} (version, oldest) VALUES (${version}, ${oldest})`,
    ])
    await session.script([...statements, 'COMMIT'].join(';\n'))
    session.release()
  } catch (error) {
    session.release(error)
    if (isHoldfastError(error)) throw error
    throw storeUnavailable(
      `the tables of the Postgres store could not be made; run migrate() once as a role that may create them in schema ${names.bare.schema}`,
      error,
    )
  }
}

/** CREATE SCHEMA IF NOT EXISTS asks for the right to create one even where it is there. */
function createSchema(names: Names): string {
  return `DO $$ BEGIN IF to_regnamespace(${text(names.schema)}) IS NULL THEN CREATE SCHEMA ${names.schema}; END IF; END $$`
}

/** The version of the schema in the database, 0 for none. Refuses one that this code is too old for. */
async function readVersion(pool: PostgresPool, timeoutMs: number, names: Names): Promise<number> {
  const [found] = await runScript(pool, timeoutMs, `SELECT to_regclass(${text(names.versions)}) IS NOT NULL AS found`)
  if (found?.rows[0]?.['found'] !== true) return 0
  const [versions] = await runScript(
    pool,
    timeoutMs,
    `SELECT coalesce(max(version), 0) AS version, coalesce(max(oldest), 0) AS oldest FROM ${names.versions}`,
  )
  const version = Number(versions?.rows[0]?.['version'])
  const oldest = Number(versions?.rows[0]?.['oldest'])
  if (oldest > schemaVersion)
    throw configurationError(
      `the tables ${names.records} have version ${version}, which needs a Holdfast that knows version ${oldest} or later; this one knows ${schemaVersion}. Update holdfast, or give it a table of its own`,
    )
  return version
}

function index(names: Names, suffix: string): string {
  return `"${names.bare.table}${suffix}"`
}
