import type { Pin, Retirement, UsageRow, VersionSource, VersionStore } from '../../versioning/store.ts'
import type { StoreClock } from './clock.ts'
import type { SqliteDatabase } from './driver.ts'
import { toStoreError } from './errors.ts'
import type { GroupCommit } from './group-commit.ts'
import type { Transaction } from './transaction.ts'

// Made on first use: most files belong to APIs without versions.
const tables = `
CREATE TABLE IF NOT EXISTS holdfast_pins (
  account TEXT PRIMARY KEY, version TEXT NOT NULL, previous TEXT, set_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS holdfast_usage (
  account TEXT NOT NULL, version TEXT NOT NULL, source TEXT NOT NULL, route TEXT NOT NULL, hour INTEGER NOT NULL,
  calls INTEGER NOT NULL, last_at INTEGER NOT NULL, PRIMARY KEY (account, version, source, route, hour)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS holdfast_fired (
  account TEXT NOT NULL, version TEXT NOT NULL, source TEXT NOT NULL, route TEXT NOT NULL, hour INTEGER NOT NULL,
  change TEXT NOT NULL, calls INTEGER NOT NULL, PRIMARY KEY (account, version, source, route, hour, change)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS holdfast_retirements (version TEXT PRIMARY KEY, decided TEXT NOT NULL) WITHOUT ROWID;
`

const addUsage = `INSERT INTO holdfast_usage (account, version, source, route, hour, calls, last_at) VALUES (?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT DO UPDATE SET calls = calls + excluded.calls, last_at = max(last_at, excluded.last_at)`
const addFired = `INSERT INTO holdfast_fired (account, version, source, route, hour, change, calls) VALUES (?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT DO UPDATE SET calls = calls + excluded.calls`
const condition = '(?1 IS NULL OR account = ?1) AND (?2 IS NULL OR version = ?2) AND hour + 3600000 > ?3'

interface UsageRecord {
  readonly account: string
  readonly version: string
  readonly source: VersionSource
  readonly route: string
  readonly hour: number
  readonly calls: number
  readonly last_at: number
}

interface FiredRecord extends Omit<UsageRecord, 'last_at'> {
  readonly change: string
}

/** Keeps pins, usage and retirements in the same file as the keys. */
export function sqliteVersions(group: GroupCommit, reader: SqliteDatabase, clock: StoreClock): VersionStore {
  let made: Promise<void> | undefined

  function make(): Promise<void> {
    made ??= group
      .run((transaction) => transaction.inSavepoint(() => transaction.exec(tables)))
      .catch((error: unknown) => {
        made = undefined
        throw error
      })
    return made
  }

  async function write<T>(body: (transaction: Transaction) => T): Promise<T> {
    await make()
    return group.run((transaction) => transaction.inSavepoint(() => body(transaction)))
  }

  async function read<T>(what: string, body: (database: SqliteDatabase) => T): Promise<T> {
    await make()
    try {
      return body(reader)
    } catch (error) {
      throw toStoreError(error, what)
    }
  }

  function pinIn(database: SqliteDatabase, account: string): Pin | undefined {
    const row = database.prepare('SELECT version, previous, set_at FROM holdfast_pins WHERE account = ?').get(account) as
      | { version: string; previous: string | null; set_at: number }
      | undefined
      | null
    return row ? { version: row.version, from: row.previous ?? undefined, ageMs: clock.now() - row.set_at } : undefined
  }

  return {
    name: 'sqlite',
    findPin: (account) => read('reading a pin', (database) => pinIn(database, account)),
    insertPin: (account, version) =>
      write((transaction) => {
        transaction
          .prepare('INSERT INTO holdfast_pins (account, version, previous, set_at) VALUES (?, ?, NULL, ?) ON CONFLICT DO NOTHING')
          .run(account, version, clock.now())
        return pinIn(transaction, account) as Pin
      }),
    replacePin: (account, expected, { version, from }) =>
      write((transaction) => {
        const { changes } = transaction
          .prepare('UPDATE holdfast_pins SET version = ?, previous = ?, set_at = ? WHERE account = ? AND version = ?')
          .run(version, from ?? null, clock.now(), account, expected)
        return Number(changes) === 1
      }),
    addUsage: (rows) =>
      write((transaction) => {
        for (const { account, version, source, route, hour, calls, lastAt, fired } of rows) {
          transaction.prepare(addUsage).run(account, version, source, route, hour, calls, lastAt)
          for (const [change, count] of Object.entries(fired))
            transaction.prepare(addFired).run(account, version, source, route, hour, change, count)
        }
      }),
    readUsage: ({ account, version, since }) =>
      read('reading usage', (database) => {
        const given = [account ?? null, version ?? null, since ?? -1] as const
        const rows = database.prepare(`SELECT * FROM holdfast_usage WHERE ${condition}`).all(...given) as UsageRecord[]
        const fired = database.prepare(`SELECT * FROM holdfast_fired WHERE ${condition}`).all(...given) as FiredRecord[]
        return withFired(rows, fired)
      }),
    readRetirements: () =>
      read('reading retirements', (database) =>
        (database.prepare('SELECT decided FROM holdfast_retirements').all() as { decided: string }[]).map(
          ({ decided }) => JSON.parse(decided) as Retirement,
        ),
      ),
    writeRetirement: (version, retirement) =>
      write((transaction) => {
        if (retirement === undefined) transaction.prepare('DELETE FROM holdfast_retirements WHERE version = ?').run(version)
        else
          transaction
            .prepare(
              'INSERT INTO holdfast_retirements (version, decided) VALUES (?, ?) ON CONFLICT DO UPDATE SET decided = excluded.decided',
            )
            .run(version, JSON.stringify(retirement))
      }),
  }
}

function withFired(rows: readonly UsageRecord[], fired: readonly FiredRecord[]): UsageRow[] {
  const keyOf = ({ account, version, source, route, hour }: Omit<UsageRecord, 'calls' | 'last_at'>): string =>
    JSON.stringify([account, version, source, route, hour])
  const counts = new Map<string, Record<string, number>>()
  for (const one of fired) {
    const key = keyOf(one)
    counts.set(key, { ...counts.get(key), [one.change]: one.calls })
  }
  return rows.map((row) => ({
    account: row.account,
    version: row.version,
    source: row.source,
    route: row.route,
    hour: row.hour,
    calls: row.calls,
    lastAt: row.last_at,
    fired: counts.get(keyOf(row)) ?? {},
  }))
}
