import type { List } from '../list.ts'
import type { RowsQuery } from '../reader.ts'
import { mirrored } from '../sorts.ts'
import type { Sort } from '../sorts.ts'
import { render } from './fragment.ts'
import type { Statement } from './fragment.ts'
import type { SqlList } from './reader.ts'

/** What a plan shows that will be slow. As findings of stores are. */
export interface PlanFinding {
  readonly severity: 'warning'
  readonly code: 'list-without-index'
  readonly message: string
}

/** Runs a statement. In Postgres always on the same connection, inside a transaction. */
export type RunStatement<Value> = (text: string, values: (Value | string | number)[]) => Promise<readonly unknown[]> | readonly unknown[]

/**
 * Asks the database how it would read each page of each sort, and warns where no index range serves: such pages cost what the whole list costs. Ask
 * at start, with values as calls have them; it reads no rows.
 *
 * Postgres would scan a small table whatever indexes it has, so it is told to avoid that: give a `run` on one connection inside a transaction.
 *
 * @example
 * for (const { message } of await checkPlans(transfers, { text: 'SELECT ... WHERE account = $1', values: ['a'] }, run)) console.warn(message)
 */
export async function checkPlans<Value>(
  sqlList: SqlList,
  base: Statement<Value>,
  run: RunStatement<Value>,
): Promise<readonly PlanFinding[]> {
  const { list, dialect } = sqlList
  if (dialect === 'mysql') return []
  if (dialect === 'postgres')
    for (const name of ['seqscan', 'sort', 'bitmapscan', 'incremental_sort', 'material']) await run(`SET LOCAL enable_${name} = off`, [])
  const findings: PlanFinding[] = []
  for (const sort of new Set(list.sorts.values())) {
    for (const { query, what } of samples(list, sort)) {
      for (const branch of sqlList.branches(query)) {
        const { text, values } = render(branch, base, sqlList.placeholder)
        const explain = dialect === 'postgres' ? 'EXPLAIN (FORMAT JSON)' : 'EXPLAIN QUERY PLAN'
        const rows = (await run(`${explain} ${text}`, [...values])) as readonly Readonly<Record<string, unknown>>[]
        const flaw = dialect === 'postgres' ? postgresFlaw(rows) : sqliteFlaw(rows)
        if (flaw !== undefined) findings.push(finding(list, sort, what, flaw))
      }
    }
  }
  return [...new Map(findings.map((found) => [found.message, found])).values()]
}

function finding({ name }: List, sort: Sort, what: string, flaw: string): PlanFinding {
  const index = sort.orders.map(
    ({ key, descending, nulls }) => `${key.column}${descending ? ' DESC' : ''}${nulls ? ` NULLS ${nulls.toUpperCase()}` : ''}`,
  )
  return {
    severity: 'warning',
    code: 'list-without-index',
    message: `list ${name}, sort ${sort.name}, ${what}: ${flaw}, so a page costs what the list costs; make an index on the columns the query compares, then ${index.join(', ')}`,
  }
}

/** A first page, a page in the middle, and the page before it. */
function* samples({ consistency, prev }: List, sort: Sort): Iterable<{ query: RowsQuery; what: string }> {
  const shared = { inclusive: false, take: 21, consistency, bound: undefined, now: 0 }
  const position = sort.orders.map(({ key }) => sampleValues[key.type])
  yield { what: 'first page', query: { ...shared, orders: sort.orders, position: undefined } }
  yield { what: 'next page', query: { ...shared, orders: sort.orders, position } }
  if (prev) yield { what: 'page before', query: { ...shared, orders: mirrored(sort.orders), position } }
}

const sampleValues = {
  integer: '1',
  numeric: '1',
  text: 'm',
  timestamptz: '2026-01-01 00:00:00.000000+00 AD',
  date: '2026-01-01 AD',
  uuid: '00000000-0000-4000-8000-000000000000',
  xid8: '1',
} as const

interface Plan {
  readonly 'Node Type': string
  readonly Plans?: readonly Plan[]
}

function postgresFlaw(rows: readonly Readonly<Record<string, unknown>>[]): string | undefined {
  const explained = rows[0]?.['QUERY PLAN']
  const [{ Plan: top }] = (typeof explained === 'string' ? JSON.parse(explained) : explained) as [{ Plan: Plan }]
  const nodes = flatten(top)
  if (nodes.some((node) => node.endsWith('Sort'))) return 'no index gives this order'
  return nodes.includes('Seq Scan') ? 'no index finds its rows' : undefined
}

const flatten = (plan: Plan): string[] => [plan['Node Type'], ...(plan.Plans ?? []).flatMap(flatten)]

function sqliteFlaw(rows: readonly Readonly<Record<string, unknown>>[]): string | undefined {
  const details = rows.map((row) => String(row['detail']))
  if (details.some((detail) => detail.includes('USE TEMP B-TREE FOR'))) return 'no index gives this order'
  return details.some((detail) => /^SCAN (?!.*USING (?:COVERING )?INDEX|hf_|\()/.test(detail)) ? 'no index finds its rows' : undefined
}
