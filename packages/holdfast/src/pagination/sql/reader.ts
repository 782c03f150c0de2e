import { configurationError, systemClock, withTimeout } from '../../core/index.ts'
import type { Key } from '../keys.ts'
import type { List } from '../list.ts'
import type { KeyedRow, RowsQuery, RowsReader, Total } from '../reader.ts'
import { compileBranches, compileCount, compileHighest, compilePage, keyColumn } from './compile.ts'
import { dialects } from './dialect.ts'
import type { Dialect, DialectName } from './dialect.ts'
import { render } from './fragment.ts'
import type { Fragment, Placeholder, Statement } from './fragment.ts'

/** One row as drivers give it. */
export type SqlRow = Readonly<Record<string, unknown>>

/** Runs a fragment round the caller's query. */
export type RunFragment = (fragment: Fragment) => Promise<readonly SqlRow[]> | readonly SqlRow[]

/** How the rows of a list lie in a database. */
export interface SqlListOptions {
  readonly dialect: DialectName
  /** What rows have. Name them when sort keys should stay out, or when a driver cannot read one of them. @default all columns of the query */
  readonly columns?: readonly string[]
  /** @default `$n` for postgres, `?n` for sqlite, `?` for mysql */
  readonly placeholder?: Placeholder
  /** Counting beyond this many rows stops, and the total says `atLeast`. @default 100_000 for exact, 10_000 for estimate */
  readonly countLimit?: number
  /** How long a count may take before the page goes without, milliseconds. @default 500 */
  readonly countTimeoutMs?: number
}

/** A list over SQL, made at start. */
export interface SqlList {
  readonly list: List
  /**
   * A reader of one call's rows.
   *
   * @param base your query, without ORDER BY and LIMIT; its columns include the keys
   * @param run sends a statement to the database
   */
  reader<Row = SqlRow, Value = unknown>(
    base: Statement<Value>,
    run: (text: string, values: (Value | string | number)[]) => Promise<readonly unknown[]> | readonly unknown[],
  ): RowsReader<Row>
  /** A reader over anything that can run a fragment: query builders have helpers of their own. */
  over<Row = SqlRow>(run: RunFragment): RowsReader<Row>
  /** The branches of a page, for looking at their plans. */
  branches(query: RowsQuery): readonly Fragment[]
  readonly placeholder: Placeholder
  readonly dialect: DialectName
}

/**
 * Binds a list to a database. Refuses at once what that database cannot keep exactly.
 *
 * @throws HoldfastError `configuration-invalid`
 * @example
 * const transfers = sqlList(transferList, { dialect: 'postgres' })
 * const reader = transfers.reader(
 *   { text: 'SELECT id, created_at, amount FROM transfers WHERE account = $1', values: [account] },
 *   async (text, values) => (await pool.query(text, values)).rows,
 * )
 */
export function sqlList(list: List, options: SqlListOptions): SqlList {
  const dialect = dialects[options.dialect]
  const where = `list ${list.name}`
  if (dialect === undefined)
    throw configurationError(`${where}: dialect: expected postgres, sqlite or mysql, got ${JSON.stringify(options.dialect)}`)
  for (const { name, type } of list.keys.values()) {
    const refused = dialect.refuses[type]
    if (refused !== undefined) throw configurationError(`${where}: key ${name}: ${refused}`)
  }
  const { placeholder = dialect.placeholder, columns } = options
  const over = <Row>(run: RunFragment): RowsReader<Row> => readerOver<Row>(dialect, options, columns, run)
  return {
    list,
    placeholder,
    dialect: options.dialect,
    over,
    reader: (base, run) =>
      over((fragment) => {
        const { text, values } = render(fragment, base, placeholder)
        return run(text, [...values]) as readonly SqlRow[]
      }),
    branches: (query) => compileBranches(dialect, query),
  }
}

function readerOver<Row>(
  dialect: Dialect,
  options: SqlListOptions,
  columns: readonly string[] | undefined,
  run: RunFragment,
): RowsReader<Row> {
  return {
    async read(query) {
      const rows = await run(compilePage(dialect, query, columns))
      return rows.map((row) => split<Row>(row, query))
    },
    async highest({ consistency }) {
      if (consistency.kind !== 'snapshot') return null
      const [row] = await run(compileHighest(dialect, consistency.by))
      return textOf(row?.[keyColumn(0)] ?? null, consistency.by)
    },
    async count(kind): Promise<Total | undefined> {
      const { countTimeoutMs = 500, countLimit = kind === 'exact' ? 100_000 : 10_000 } = options
      const counting = async (): Promise<Total | undefined> => {
        const estimated = kind === 'estimate' && dialect.name === 'postgres' ? await planned(run) : undefined
        if (estimated !== undefined) return estimated
        const [row] = await run(compileCount(countLimit + 1))
        const found = Number(row?.['rows_found'] ?? 0)
        return found > countLimit ? { value: countLimit, kind: 'atLeast' } : { value: found, kind: 'exact' }
      }
      // A total is worth less than the page: it is left out when it is late, or fails.
      return withTimeout(systemClock, countTimeoutMs, counting(), () => new Error('count')).catch(() => undefined)
    },
  }
}

/** What Postgres expects, which costs a plan and no rows. */
async function planned(run: RunFragment): Promise<Total | undefined> {
  const [row] = await run(['EXPLAIN (FORMAT JSON) ', { base: true }])
  const explained: unknown = row?.['QUERY PLAN']
  const plan = (typeof explained === 'string' ? JSON.parse(explained) : explained) as [{ Plan: { 'Plan Rows': number } }] | undefined
  const rows = plan?.[0].Plan['Plan Rows']
  return rows === undefined ? undefined : { value: rows, kind: 'estimate' }
}

/** Takes the key texts out of a row. */
function split<Row>(row: SqlRow, { orders }: RowsQuery): KeyedRow<Row> {
  const keys = orders.map(({ key }, index) => textOf(row[keyColumn(index)] ?? null, key))
  const rest = Object.fromEntries(Object.entries(row).filter(([name]) => !/^_hf_k\d+$/.test(name)))
  return { row: rest as Row, keys }
}

function textOf(value: unknown, { name, nullable }: Key): string | null {
  if (value === null && !nullable) throw new Error(`the key ${name} is NULL in a row, and was declared to be never NULL`)
  if (value === null || typeof value === 'string') return value
  throw new Error(`the key ${name} came as ${typeof value} and not as text: the driver must not convert it`)
}
