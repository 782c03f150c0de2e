import { assertKnown, assertOneOf, assertWhole } from '../core/checks.ts'
import { configurationError } from '../core/index.ts'
import { toFilter } from './filters.ts'
import type { Filter, FilterDeclaration } from './filters.ts'
import { toKey } from './keys.ts'
import type { Key, KeyDeclaration } from './keys.ts'
import { longestDeclaredToken } from './position.ts'
import { toSorts } from './sorts.ts'
import type { Sort } from './sorts.ts'
import { toConsistency, toDuration } from './terms.ts'
import type { Consistency, ConsistencyDeclaration } from './terms.ts'

/** What a list promises. */
export interface ListDeclaration {
  /** Names the list in its cursors: a cursor of one list is none of another. Keep it when the declaration changes. */
  readonly name: string
  /** The keys that sorts are made of. */
  readonly keys: Readonly<Record<string, KeyDeclaration>>
  /** The key that is unique and never NULL. Every sort ends with it. */
  readonly unique: string
  /** Sorts by the name callers give: keys, those with `-` descending. `default` applies without a name; a text is another name of a sort. */
  readonly sorts: Readonly<Record<string, readonly string[] | string>>
  /** Query parameters that narrow the list. Others are refused, since a misspelt one would give everything. */
  readonly filters?: Readonly<Record<string, FilterDeclaration>>
  /** Query parameters that choose what of each item is shown. They may change from page to page. */
  readonly selection?: readonly string[]
  /** How many items a page has. `over` says what a higher limit than `max` gets. @default { default: 20, max: 100, over: 'clamp' } */
  readonly limit?: { readonly default?: number; readonly max?: number; readonly over?: 'clamp' | 'error' }
  /** Which totals callers may ask for with `?count=`. @default 'none' */
  readonly count?: 'none' | 'estimate' | 'exact'
  /** How long a cursor is good for: `3d`, `12h`, `30m`, or milliseconds. @default '3d' */
  readonly ttl?: string | number
  /** What a walk sees of rows that are added meanwhile. @default 'live' */
  readonly consistency?: ConsistencyDeclaration
  /** Whether pages lead back, too. @default true */
  readonly prev?: boolean
  /** Whether the end of a list has a `tail_cursor`, from which later calls get what was added since. @default false */
  readonly tail?: boolean
  /** Whether callers may have the whole list as NDJSON (`Accept: application/x-ndjson`). Your handler must then write `ndjson(...)`. @default false */
  readonly stream?: boolean
}

/** A checked declaration, as `page:` of a route takes it. */
export interface List {
  readonly name: string
  readonly keys: ReadonlyMap<string, Key>
  readonly unique: Key
  readonly sorts: ReadonlyMap<string, Sort>
  readonly filters: ReadonlyMap<string, Filter>
  readonly selection: ReadonlySet<string>
  readonly limit: { readonly default: number; readonly max: number; readonly over: 'clamp' | 'error' }
  readonly count: 'none' | 'estimate' | 'exact'
  readonly ttlMs: number
  readonly consistency: Consistency
  readonly prev: boolean
  readonly tail: boolean
  readonly stream: boolean
}

const listOptions = 'name keys unique sorts filters selection limit count ttl consistency prev tail stream'.split(' ')
const keyOptions = 'type column nullable nulls maxBytes collation'.split(' ')
const filterOptions = 'oneOf parse asks maxLength many default'.split(' ')
/** A cursor is part of a URL, which proxies and logs cut off. */
const longestToken = 512

/**
 * Declares a list, and refuses at once what would lose or repeat rows later: a sort without a unique last key, a nullable key
 * without a place for NULL, floating point, timestamps without zone, texts without a bound.
 *
 * @throws HoldfastError `configuration-invalid`, saying what was expected and what came
 * @example
 * export const transferList = defineList({
 *   name: 'transfers',
 *   keys: { created_at: { type: 'timestamptz' }, id: { type: 'text', maxBytes: 30 } },
 *   unique: 'id',
 *   sorts: { default: '-created_at', '-created_at': ['-created_at', '-id'], created_at: ['created_at', 'id'] },
 *   filters: { status: { oneOf: ['posted', 'reversed'] } },
 * })
 */
export function defineList(declaration: ListDeclaration): List {
  const { name, unique, count = 'none', prev = true, tail = false, stream = false } = declaration
  if (typeof name !== 'string' || !/^[\w.:-]{1,64}$/.test(name))
    throw configurationError(`defineList: name: expected 1 to 64 letters, digits and . : _ -, got ${JSON.stringify(name)}`)
  const where = `list ${name}`
  assertKnown(where, declaration, listOptions)
  const keys = new Map<string, Key>()
  for (const [key, declared] of Object.entries(declaration.keys ?? {})) {
    assertKnown(`${where}: key ${key}`, declared, keyOptions)
    keys.set(key, toKey(where, key, declared))
  }
  const last = keys.get(unique)
  if (last === undefined)
    throw configurationError(`${where}: unique: expected one of the keys ${[...keys.keys()].join(', ')}, got ${unique}`)
  if (last.nullable) throw configurationError(`${where}: unique: expected a key that is never NULL, got ${unique}`)
  assertOneOf(`${where}: count`, count, ['none', 'estimate', 'exact'])
  const filters = new Map<string, Filter>()
  for (const [filter, declared] of Object.entries(declaration.filters ?? {})) {
    assertKnown(`${where}: filter ${filter}`, declared, filterOptions)
    filters.set(filter, toFilter(where, filter, declared))
  }
  const sorts = toSorts(where, declaration.sorts ?? {}, keys, unique)
  const list: List = {
    name,
    keys,
    unique: last,
    sorts,
    filters,
    selection: new Set(declaration.selection),
    limit: toLimit(where, declaration.limit),
    count,
    ttlMs: toDuration(`${where}: ttl`, declaration.ttl ?? '3d'),
    consistency: toConsistency(where, declaration.consistency ?? 'live', keys, sorts),
    prev,
    tail,
    stream,
  }
  assertTokenFits(where, list)
  return list
}

function toLimit(where: string, declared: ListDeclaration['limit'] = {}): List['limit'] {
  const { max = 100, over = 'clamp' } = declared
  const limit = { default: declared.default ?? Math.min(20, max), max, over }
  assertKnown(`${where}: limit`, declared, ['default', 'max', 'over'])
  for (const [option, value] of Object.entries({ default: limit.default, max })) assertWhole(`${where}: limit.${option}`, value, 1)
  if (limit.default > max) throw configurationError(`${where}: limit.default: expected at most max (${max}), got ${limit.default}`)
  assertOneOf(`${where}: limit.over`, over, ['clamp', 'error'])
  return limit
}

function assertTokenFits(where: string, { sorts, consistency }: List): void {
  const bound = consistency.kind === 'snapshot' ? consistency.by : undefined
  for (const { name, orders } of sorts.values()) {
    const length = longestDeclaredToken(
      orders.map(({ key }) => key),
      bound,
    )
    if (length > longestToken)
      throw configurationError(
        `${where}: sort ${name}: its cursors may have ${length} characters, expected at most ${longestToken}; lower maxBytes and sort by a prefix of the text`,
      )
  }
}
