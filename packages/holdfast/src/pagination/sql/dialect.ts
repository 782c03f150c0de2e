import type { Key, KeyType } from '../keys.ts'
import type { Order } from '../sorts.ts'
import type { Fragment, Placeholder } from './fragment.ts'

/** The databases that statements can be written for. */
export type DialectName = 'postgres' | 'sqlite' | 'mysql'

/** How one database spells what pages are made of. */
export interface Dialect {
  readonly name: DialectName
  readonly placeholder: Placeholder
  quote(name: string): string
  /** A column in the form it is compared and ordered in. */
  ordered(key: Key, column: string): string
  /** The canonical text of a column. */
  canonical(key: Key, column: string): string
  /** A canonical text, bound as a value of its key's type. */
  bound(key: Key, value: string): Fragment
  /** Whether an index serves a key that is compared inside of a row value. */
  inRowValue(key: Key): boolean
  /** One term of ORDER BY. */
  term(order: Order, column: string): string
  /** Why keys of a type cannot be kept here. */
  readonly refuses: Partial<Readonly<Record<KeyType, string>>>
}

const doubleQuoted = (name: string): string => `"${name.replaceAll('"', '""')}"`
const direction = (descending: boolean): string => (descending ? ' DESC' : '')
const nullsTerm = ({ nulls }: Order): string => (nulls === undefined ? '' : ` NULLS ${nulls.toUpperCase()}`)

const postgresTypes: Readonly<Record<KeyType, string>> = {
  integer: 'bigint',
  numeric: 'numeric',
  text: 'text',
  timestamptz: 'timestamptz',
  date: 'date',
  uuid: 'uuid',
  xid8: 'xid8',
}

// to_char gives nothing for infinity, and ::text would depend on the session's DateStyle and TimeZone.
const postgresDay = (column: string, instant: string, format: string): string =>
  `CASE WHEN isfinite(${column}) THEN to_char(${instant}, '${format}') ELSE ${column}::text END`

const postgres: Dialect = {
  name: 'postgres',
  placeholder: '$n',
  quote: doubleQuoted,
  ordered: ({ type, collation }, column) => (type === 'text' ? `${column} COLLATE ${doubleQuoted(collation)}` : column),
  canonical({ type }, column) {
    if (type === 'timestamptz') return postgresDay(column, `${column} AT TIME ZONE 'UTC'`, 'YYYY-MM-DD HH24:MI:SS.US"+00" AD')
    return type === 'date' ? postgresDay(column, column, 'YYYY-MM-DD AD') : `${column}::text`
  },
  // Named, because the type a server guesses for a bare value may not be the column's, and then no index serves.
  bound: ({ type }, value) => [{ value }, `::${postgresTypes[type]}`],
  inRowValue: () => true,
  term: (order, column) => `${postgres.ordered(order.key, column)}${direction(order.descending)}${nullsTerm(order)}`,
  refuses: {},
}

const sqliteCollations: Readonly<Record<string, string>> = { C: 'BINARY' }

const sqlite: Dialect = {
  name: 'sqlite',
  placeholder: '?n',
  quote: doubleQuoted,
  ordered: ({ type, collation }, column) =>
    type === 'text' ? `${column} COLLATE ${sqliteCollations[collation] ?? doubleQuoted(collation)}` : column,
  canonical: (_key, column) => `CAST(${column} AS TEXT)`,
  bound: ({ type }, value) => (type === 'integer' || type === 'xid8' ? ['CAST(', { value }, ' AS INTEGER)'] : [{ value }]),
  // Only bare columns: with a COLLATE in it, and all texts have one, the whole row value filters the rows that come before the page.
  inRowValue: ({ type }) => type !== 'text',
  term: (order, column) => `${sqlite.ordered(order.key, column)}${direction(order.descending)}${nullsTerm(order)}`,
  refuses: {
    numeric: 'SQLite has no exact decimals; keep cents as an integer, and declare that',
    timestamptz: 'SQLite has no timestamps; keep microseconds as an integer, or one fixed text form, and declare that',
  },
}

const mysqlTypes: Readonly<Record<KeyType, string>> = {
  integer: 'SIGNED',
  numeric: 'DECIMAL(65, 30)',
  text: 'CHAR CHARACTER SET utf8mb4',
  timestamptz: 'DATETIME(6)',
  date: 'DATE',
  uuid: 'CHAR CHARACTER SET utf8mb4',
  xid8: 'UNSIGNED',
}

const mysql: Dialect = {
  name: 'mysql',
  placeholder: '?',
  quote: (name) => `\`${name.replaceAll('`', '``')}\``,
  ordered: ({ type, collation }, column) =>
    type === 'text' ? `${column} COLLATE ${collation === 'C' ? 'utf8mb4_bin' : collation}` : column,
  canonical: (_key, column) => `CAST(${column} AS CHAR)`,
  bound: ({ type }, value) => ['CAST(', { value }, ` AS ${mysqlTypes[type]})`],
  inRowValue: () => false,
  // NULL is the lowest value there, and cannot be placed otherwise.
  term({ key, descending, nulls }, column) {
    const term = `${mysql.ordered(key, column)}${direction(descending)}`
    return nulls === undefined ? term : `${column} IS NULL${nulls === 'first' ? ' DESC' : ''}, ${term}`
  },
  refuses: {
    timestamptz: 'MySQL has no timestamps with zone that outlast a session; keep UTC microseconds as an integer, and declare that',
  },
}

/** The dialects by name. */
export const dialects: Readonly<Record<DialectName, Dialect>> = { postgres, sqlite, mysql }
