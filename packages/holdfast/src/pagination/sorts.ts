import { configurationError } from '../core/index.ts'
import type { Key } from './keys.ts'

/** One key of a sort and the way it runs. */
export interface Order {
  readonly key: Key
  readonly descending: boolean
  /** Where NULL stands; `undefined` for a key that is never NULL. */
  readonly nulls: 'first' | 'last' | undefined
}

/** A sort of a list: a total order of its rows. */
export interface Sort {
  /** As callers ask for it. */
  readonly name: string
  readonly orders: readonly Order[]
  /** The order in one text. Goes into the binding of cursors, so that a changed declaration does not misread old ones. */
  readonly text: string
}

/**
 * Checks the sorts of a list. A value that is a text is another name of a sort.
 *
 * @throws HoldfastError `configuration-invalid`
 */
export function toSorts(
  where: string,
  declared: Readonly<Record<string, readonly string[] | string>>,
  keys: ReadonlyMap<string, Key>,
  unique: string,
): ReadonlyMap<string, Sort> {
  const sorts = new Map<string, Sort>()
  for (const [name, value] of Object.entries(declared)) {
    const named = typeof value === 'string' ? declared[value] : value
    const canonical = typeof value === 'string' ? value : name
    if (named === undefined || typeof named === 'string')
      throw configurationError(`${where}: sort ${name}: expected keys, or the name of a sort that has some, got ${JSON.stringify(value)}`)
    sorts.set(name, toSort(`${where}: sort ${name}`, canonical, named, keys, unique))
  }
  if (!sorts.has('default')) throw configurationError(`${where}: sorts: expected one called default`)
  return sorts
}

function toSort(where: string, name: string, terms: readonly string[], keys: ReadonlyMap<string, Key>, unique: string): Sort {
  if (!Array.isArray(terms) || terms.length === 0)
    throw configurationError(`${where}: expected a list of keys such as ["-created_at", "id"]`)
  const orders = terms.map((term): Order => {
    const descending = term.startsWith('-')
    const key = keys.get(descending ? term.slice(1) : term)
    if (key === undefined)
      throw configurationError(`${where}: expected keys of ${[...keys.keys()].join(', ')}, got ${JSON.stringify(term)}`)
    return { key, descending, nulls: key.nulls }
  })
  const names = orders.map(({ key }) => key.name)
  if (new Set(names).size < names.length) throw configurationError(`${where}: expected each key once, got ${names.join(', ')}`)
  if (names.at(-1) !== unique)
    throw configurationError(
      `${where}: expected ${unique} as the last key, got ${names.at(-1)}; without a unique key, rows that are equal would be lost between pages`,
    )
  return { name, orders, text: terms.join(',') }
}

/** The exact mirror of an order: rows come back to front, those without a value included. */
export function mirrored(orders: readonly Order[]): readonly Order[] {
  return orders.map(({ key, descending, nulls }) => ({
    key,
    descending: !descending,
    nulls: nulls && (nulls === 'first' ? 'last' : 'first'),
  }))
}
