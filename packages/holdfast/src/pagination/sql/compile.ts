import type { Key } from '../keys.ts'
import type { RowsQuery } from '../reader.ts'
import type { Order } from '../sorts.ts'
import type { Consistency } from '../terms.ts'
import type { Dialect } from './dialect.ts'
import { joined } from './fragment.ts'
import type { Fragment } from './fragment.ts'
import { branchesAfter } from './predicate.ts'
import type { Branch, Condition } from './predicate.ts'

/** The canonical text of the nth key in each row. */
export const keyColumn = (index: number): string => `_hf_k${index}`

const inner = 'hf_b'
const outer = 'hf_u'

/**
 * Compiles the statement of a page round the caller's query. A database flattens `SELECT ... FROM (query) b WHERE ... ORDER BY ... LIMIT`, so that an
 * index on what the query filters and the sort orders serves it.
 *
 * @param columns what rows have; all columns of the query by default
 */
export function compilePage(dialect: Dialect, query: RowsQuery, columns: readonly string[] | undefined): Fragment {
  const selects = compileBranches(dialect, query)
  const [only] = selects
  const isSingle = selects.length === 1 && only !== undefined
  const source: Fragment = isSingle
    ? only
    : joined(
        selects.map((select) => nested(dialect, select)),
        ' UNION ALL ',
      )
  const { orders } = query
  // The key texts are made of the few rows of the page, outside of what the planner must match with an index.
  return [
    `SELECT ${[shown(dialect, columns), ...orders.map(({ key }, index) => `${dialect.canonical(key, column(dialect, outer, key))} AS ${dialect.quote(keyColumn(index))}`)].join(', ')} FROM (`,
    ...source,
    `) ${outer} ORDER BY ${terms(dialect, orders, outer)} LIMIT ${query.take}`,
  ]
}

/** The SELECT of each branch alone, each of which must be one range of an index. */
export function compileBranches(
  dialect: Dialect,
  { orders, position, inclusive, take, consistency, bound, now }: RowsQuery,
): readonly Fragment[] {
  const extra = limits(dialect, consistency, bound, now)
  const branches = position === undefined ? firstBranches(dialect, orders) : branchesAfter(orders, position, inclusive, dialect.inRowValue)
  if (dialect.name === 'mysql')
    return [select(dialect, [...(position === undefined ? [] : [expanded(dialect, orders, position, inclusive)]), ...extra], orders, take)]
  return branches.map((branch) => select(dialect, [...compileBranch(dialect, branch), ...extra], settled(dialect, orders, branch), take))
}

/**
 * Postgres matches an index only by the NULL placement it was made with, so each branch spells it, also where it says nothing. SQLite matches
 * only without it, and an index on an expression only without the keys that are the same in all rows of the branch.
 */
function settled({ name }: Dialect, orders: readonly Order[], branch: Branch): readonly Order[] {
  if (name !== 'sqlite') return orders
  const constant = new Set(
    branch.flatMap((condition) => (condition.kind === 'null' || condition.kind === 'equal' ? [condition.order] : [])),
  )
  const present = new Set(
    branch.flatMap((condition) =>
      condition.kind === 'beyond' ? condition.orders : condition.kind === 'not null' ? [condition.order] : [],
    ),
  )
  return orders.flatMap((order) => (constant.has(order) ? [] : [present.has(order) ? { ...order, nulls: undefined } : order]))
}

/** SQLite keeps NULL at one end of its indexes: a first page that wants it at the other needs the two parts apart. */
function firstBranches({ name }: Dialect, orders: readonly Order[]): readonly Branch[] {
  const [order] = orders
  if (name !== 'sqlite' || order?.nulls === undefined) return [[]]
  return [[{ kind: 'not null', order }], [{ kind: 'null', order }]]
}

function select(dialect: Dialect, conditions: readonly Fragment[], orders: readonly Order[], take: number): Fragment {
  const where: Fragment = conditions.length === 0 ? [] : [' WHERE ', ...joined(conditions, ' AND ')]
  return [`SELECT * FROM (`, { base: true }, `) ${inner}`, ...where, ` ORDER BY ${terms(dialect, orders, inner)} LIMIT ${take}`]
}

/** SQLite takes no ORDER BY in a part of a UNION, unless it is a subquery. */
function nested({ name }: Dialect, fragment: Fragment): Fragment {
  return name === 'sqlite' ? ['SELECT * FROM (', ...fragment, ')'] : ['(', ...fragment, ')']
}

const shown = (dialect: Dialect, columns: readonly string[] | undefined): string =>
  columns === undefined ? `${outer}.*` : columns.map((name) => `${outer}.${dialect.quote(name)}`).join(', ')

const column = (dialect: Dialect, table: string, key: Key): string => `${table}.${dialect.quote(key.column)}`

function terms(dialect: Dialect, orders: readonly Order[], table: string): string {
  return orders.map((order) => dialect.term(order, column(dialect, table, order.key))).join(', ')
}

function compileBranch(dialect: Dialect, branch: Branch): readonly Fragment[] {
  const beyond = branch.flatMap((condition) => (condition.kind === 'beyond' ? condition.orders : []))
  return branch.map((condition) => {
    // What is beyond a value has one; two bounds would leave SQLite to guess which is the nearer.
    if (condition.kind === 'not null' && beyond.includes(condition.order)) return isNotNull(dialect, condition.order)
    return compileCondition(dialect, condition)
  })
}

const isNotNull = (dialect: Dialect, { key }: Order): Fragment => [`${column(dialect, inner, key)} IS NOT NULL`]

function compileCondition(dialect: Dialect, condition: Condition): Fragment {
  switch (condition.kind) {
    case 'equal':
      return [`${term(dialect, condition.order)} = `, ...dialect.bound(condition.order.key, condition.value)]
    case 'null':
      return [`${column(dialect, inner, condition.order.key)} IS NULL`]
    case 'not null': {
      // On an index on an expression SQLite would step over all rows without a value, unless it is told where the others begin.
      const isText = dialect.name === 'sqlite' && !['integer', 'xid8'].includes(condition.order.key.type)
      return [...isNotNull(dialect, condition.order), ...(isText ? [` AND ${term(dialect, condition.order)} >= ''`] : [])]
    }
    case 'beyond': {
      const { orders, values, inclusive } = condition
      const operator = `${orders[0]?.descending ? '<' : '>'}${inclusive ? '=' : ''}`
      const left = orders.map((order) => term(dialect, order)).join(', ')
      const right = joined(
        orders.map(({ key }, index) => dialect.bound(key, values[index] as string)),
        ', ',
      )
      return orders.length === 1 ? [`${left} ${operator} `, ...right] : [`(${left}) ${operator} (`, ...right, ')']
    }
  }
}

const term = (dialect: Dialect, { key }: Order): string => dialect.ordered(key, column(dialect, inner, key))

/** What a list's consistency keeps out. */
function limits(dialect: Dialect, consistency: Consistency, bound: string | undefined, now: number): readonly Fragment[] {
  switch (consistency.kind) {
    case 'live':
      return []
    case 'horizon':
      // One writer at a time commits in the order of its writes: nothing can be late.
      return dialect.name === 'postgres' ? [[`${column(dialect, inner, consistency.key)} < pg_snapshot_xmin(pg_current_snapshot())`]] : []
    case 'lag': {
      const { key, ms, perMs } = consistency
      const at = column(dialect, inner, key)
      if (key.type === 'timestamptz') return [[`${at} < now() - make_interval(secs => `, { value: ms / 1000 }, ')']]
      if (dialect.name === 'postgres')
        return [[`${at} < ((extract(epoch FROM now()) * 1000 - `, { value: ms }, `::numeric) * ${perMs})::bigint`]]
      return [[`${at} < `, { value: Math.floor((now - ms) * perMs) }]]
    }
    case 'snapshot':
      return bound === undefined
        ? []
        : [[`${dialect.ordered(consistency.by, column(dialect, inner, consistency.by))} <= `, ...dialect.bound(consistency.by, bound)]]
  }
}

/** MySQL cannot use an index for row values: the expanded form, behind a bound on the first key that an index can serve. */
function expanded(dialect: Dialect, orders: readonly Order[], position: readonly (string | null)[], inclusive: boolean): Fragment {
  const [first] = orders
  const value = position[0] ?? null
  const full: Fragment = [
    '(',
    ...joined(
      branchesAfter(orders, position, inclusive, dialect.inRowValue).map((branch): Fragment => [
        '(',
        ...joined(compileBranch(dialect, branch), ' AND '),
        ')',
      ]),
      ' OR ',
    ),
    ')',
  ]
  if (first === undefined || first.nulls !== undefined || value === null) return full
  return [`${term(dialect, first)} ${first.descending ? '<=' : '>='} `, ...dialect.bound(first.key, value), ' AND ', ...full]
}

/** The highest value of a key among the rows of the caller's query, as text. */
export function compileHighest(dialect: Dialect, key: Key): Fragment {
  const at = column(dialect, inner, key)
  return [
    `SELECT ${dialect.canonical(key, at)} AS ${dialect.quote(keyColumn(0))} FROM (`,
    { base: true },
    `) ${inner} ORDER BY ${dialect.ordered(key, at)} DESC LIMIT 1`,
  ]
}

/** Counts the rows of the caller's query, but not beyond a limit. */
export function compileCount(limit: number): Fragment {
  return ['SELECT COUNT(*) AS rows_found FROM (SELECT 1 FROM (', { base: true }, `) ${inner} LIMIT ${limit}) ${outer}`]
}
