import { assertWhole } from '../core/checks.ts'
import { configurationError } from '../core/index.ts'

/** What a sort key holds. All of these have an exact text form; floating point has none, and is refused. `xid8` is Postgres's number of the transaction that wrote the row. */
export type KeyType = 'integer' | 'numeric' | 'text' | 'timestamptz' | 'date' | 'uuid' | 'xid8'

/** Declares one sort key of a list. */
export interface KeyDeclaration {
  readonly type: KeyType
  /** The column of your query that holds it. @default the key's name */
  readonly column?: string
  /** @default false */
  readonly nullable?: boolean
  /** Where rows without a value stand, in every sort that has this key, ascending or descending. Required when `nullable`. */
  readonly nulls?: 'first' | 'last'
  /** The longest value of a `text` (required, at most 256) or `numeric` (default 64) key, in bytes of UTF-8. Keep longer texts sortable by a prefix of them. */
  readonly maxBytes?: number
  /**
   * How a `text` key is ordered. `C` is by code point, the same in every store; other names are passed to the database, which must
   * order by them deterministically, and the memory reader refuses them.
   * @default 'C'
   */
  readonly collation?: string
}

/** A sort key with every default filled in. */
export interface Key {
  readonly name: string
  readonly type: KeyType
  readonly column: string
  readonly nullable: boolean
  readonly nulls: 'first' | 'last' | undefined
  /** The longest canonical text of a value, in bytes. */
  readonly maxBytes: number
  readonly collation: string
}

/** The longest canonical texts of the types whose values are bounded by themselves. */
const typeBytes = { integer: 20, numeric: 64, text: 256, timestamptz: 36, date: 20, uuid: 36, xid8: 20 } as const
const longestText = 256

const reasons: Readonly<Record<string, string>> = {
  float: 'floating point has no exact text, so positions would be lost; sort by numeric, or by an integer such as cents',
  timestamp: 'a timestamp without zone names no instant; use timestamptz',
}
const synonyms: Readonly<Record<string, string>> = {
  real: 'float',
  double: 'float',
  'double precision': 'float',
  float4: 'float',
  float8: 'float',
  number: 'float',
  datetime: 'timestamp',
  'timestamp without time zone': 'timestamp',
}

/**
 * Checks a key and fills in defaults.
 *
 * @throws HoldfastError `configuration-invalid`
 */
export function toKey(where: string, name: string, declared: KeyDeclaration): Key {
  const { type, column = name, nullable = false, nulls, maxBytes, collation = 'C' } = declared
  const at = `${where}: key ${name}`
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name) || name.startsWith('_hf_'))
    throw configurationError(`${at}: expected letters, digits and underscores, not beginning with _hf_`)
  if (!Object.hasOwn(typeBytes, type)) {
    const reason = reasons[synonyms[type] ?? type]
    throw configurationError(
      `${at}: expected a type of ${Object.keys(typeBytes).join(', ')}, got ${JSON.stringify(type)}${reason === undefined ? '' : `; ${reason}`}`,
    )
  }
  if (column.includes('\0') || column === '') throw configurationError(`${at}: column: expected the name of a column of the query`)
  if (nullable && nulls !== 'first' && nulls !== 'last')
    throw configurationError(`${at}: nulls: expected "first" or "last", since it may be NULL; databases disagree on where NULL stands`)
  if (!nullable && nulls !== undefined) throw configurationError(`${at}: nulls: expected none, since the key is not nullable`)
  if (type === 'text' && maxBytes === undefined)
    throw configurationError(`${at}: maxBytes: expected the longest text in bytes, at most ${longestText}, since a cursor holds it whole`)
  if (maxBytes !== undefined) assertWhole(`${at}: maxBytes`, maxBytes, 1, longestText)
  if (maxBytes !== undefined && type !== 'text' && type !== 'numeric')
    throw configurationError(`${at}: maxBytes: expected none for ${type}, which is bounded by itself`)
  if (declared.collation !== undefined && type !== 'text') throw configurationError(`${at}: collation: only text has one`)
  if (!/^[A-Za-z0-9_.@-]+$/.test(collation)) throw configurationError(`${at}: collation: expected a name, got ${JSON.stringify(collation)}`)
  return { name, type, column, nullable, nulls, maxBytes: maxBytes ?? typeBytes[type], collation }
}
