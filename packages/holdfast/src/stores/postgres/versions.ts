import type { Pin, Retirement, UsageRow, VersionSource, VersionStore } from '../../versioning/store.ts'
import { ask } from './context.ts'
import type { Context } from './context.ts'
import { number, text } from './literal.ts'
import type { Names } from './names.ts'

/** The tables of versions. Pins and retirements are few and read often; usage is added to every ten seconds by each process. */
export const versionStatements = ({ pins, usage, retirements }: Names): readonly string[] => [
  `CREATE TABLE IF NOT EXISTS ${pins} (
    account text COLLATE "C" PRIMARY KEY,
    version text COLLATE "C" NOT NULL,
    previous text COLLATE "C",
    set_at timestamptz NOT NULL
  )`,
  `CREATE TABLE IF NOT EXISTS ${usage} (
    account text COLLATE "C" NOT NULL,
    version text COLLATE "C" NOT NULL,
    source text COLLATE "C" NOT NULL,
    route text COLLATE "C" NOT NULL,
    hour bigint NOT NULL,
    change text COLLATE "C" NOT NULL,
    calls bigint NOT NULL,
    last_at bigint NOT NULL,
    PRIMARY KEY (account, version, source, route, hour, change)
  )`,
  `CREATE TABLE IF NOT EXISTS ${retirements} (version text COLLATE "C" PRIMARY KEY, decided text NOT NULL)`,
]

const age = '(extract(epoch FROM clock_timestamp() - set_at) * 1000)::bigint AS age'

/** Keeps pins, usage and retirements in Postgres, by the server's clock. */
export function postgresVersions(context: Context): VersionStore {
  return {
    name: 'postgres',
    async findPin(account) {
      const [row] = await ask(context, ({ pins }) => `SELECT version, previous, ${age} FROM ${pins} WHERE account = ${text(account)}`)
      return row && toPin(row)
    },
    async insertPin(account, version) {
      // A loser's INSERT waits for the winner's commit and then finds its row: DO UPDATE, unlike DO NOTHING, gives it back.
      const [row] = await ask(
        context,
        ({ pins }) =>
          `INSERT INTO ${pins} AS pin (account, version, set_at) VALUES (${text(account)}, ${text(version)}, clock_timestamp())
           ON CONFLICT (account) DO UPDATE SET version = pin.version RETURNING version, previous, ${age}`,
      )
      return toPin(row as Record<string, unknown>)
    },
    async replacePin(account, expected, { version, from }) {
      const rows = await ask(
        context,
        ({ pins }) =>
          `UPDATE ${pins} SET version = ${text(version)}, previous = ${from === undefined ? 'NULL' : text(from)}, set_at = clock_timestamp()
           WHERE account = ${text(account)} AND version = ${text(expected)} RETURNING 1 AS done`,
      )
      return rows.length === 1
    },
    async addUsage(rows) {
      const values = rows.flatMap(toValues).sort()
      if (values.length === 0) return
      await ask(
        context,
        ({ usage }) =>
          `INSERT INTO ${usage} AS counted (account, version, source, route, hour, change, calls, last_at) VALUES ${values.join(', ')}
           ON CONFLICT (account, version, source, route, hour, change)
           DO UPDATE SET calls = counted.calls + excluded.calls, last_at = greatest(counted.last_at, excluded.last_at)`,
      )
    },
    async readUsage({ account, version, since }) {
      const conditions = [
        ...(account === undefined ? [] : [`account = ${text(account)}`]),
        ...(version === undefined ? [] : [`version = ${text(version)}`]),
        ...(since === undefined ? [] : [`hour + 3600000 > ${number(since)}`]),
      ]
      const rows = await ask(
        context,
        ({ usage }) => `SELECT * FROM ${usage}${conditions.length > 0 ? ` WHERE ${conditions.join(' AND ')}` : ''}`,
      )
      return toUsage(rows)
    },
    async readRetirements() {
      const rows = await ask(context, ({ retirements }) => `SELECT decided FROM ${retirements}`)
      return rows.map(({ decided }) => JSON.parse(decided as string) as Retirement)
    },
    async writeRetirement(version, retirement) {
      await ask(context, ({ retirements }) =>
        retirement === undefined
          ? `DELETE FROM ${retirements} WHERE version = ${text(version)}`
          : `INSERT INTO ${retirements} (version, decided) VALUES (${text(version)}, ${text(JSON.stringify(retirement))})
             ON CONFLICT (version) DO UPDATE SET decided = excluded.decided`,
      )
    },
  }
}

function toPin({ version, previous, age: ageMs }: Record<string, unknown>): Pin {
  return { version: version as string, from: (previous as string | null) ?? undefined, ageMs: Number(ageMs) }
}

/** A row without a change counts the calls, one with it those that it altered. In one order for everybody, so that no two processes wait for each other. */
function toValues({ account, version, source, route, hour, calls, lastAt, fired }: UsageRow): string[] {
  const value = (change: string, count: number): string =>
    `(${[account, version, source, route].map(text).join(', ')}, ${number(hour)}, ${text(change)}, ${number(count)}, ${number(lastAt)})`
  return [value('', calls), ...Object.entries(fired).map(([change, count]) => value(change, count))]
}

function toUsage(rows: readonly Record<string, unknown>[]): UsageRow[] {
  const found = new Map<string, UsageRow & { fired: Record<string, number> }>()
  for (const row of rows.toSorted((a, b) => String(a['change']).localeCompare(String(b['change'])))) {
    const { account, version, source, route, change } = row as Record<string, string>
    const hour = Number(row['hour'])
    const key = JSON.stringify([account, version, source, route, hour])
    const before = found.get(key)
    if (change === '')
      found.set(key, {
        account: account as string,
        version: version as string,
        source: source as VersionSource,
        route: route as string,
        hour,
        calls: Number(row['calls']),
        lastAt: Number(row['last_at']),
        fired: {},
      })
    else if (before !== undefined) before.fired[change as string] = Number(row['calls'])
  }
  return [...found.values()]
}
