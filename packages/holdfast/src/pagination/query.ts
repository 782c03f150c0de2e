import { hash } from 'node:crypto'
import type { List } from './list.ts'
import { hashBytes } from './position.ts'
import type { Sort } from './sorts.ts'

/** One thing that is wrong with a query. */
export interface QueryIssue {
  readonly parameter: string
  readonly detail: string
}

/** A query that was understood. */
export interface ListQuery {
  readonly limit: number
  /** Whether a higher limit was asked for than there is. */
  readonly isClamped: boolean
  readonly cursor: string | undefined
  readonly sort: Sort
  readonly count: 'none' | 'estimate' | 'exact'
  /** The values of each filter that applies, defaults filled in, sorted. */
  readonly filters: ReadonlyMap<string, readonly string[]>
  /** What binds cursors to this walk. */
  readonly hash: Uint8Array
}

/**
 * Reads the query of a list. Its hash covers what makes the walk: path, sort and filters, with defaults filled in and in one order; not
 * the limit, the cursor, the selection or the API version. It is taken after the query was brought to the newest version.
 */
export function parseListQuery(list: List, path: string, query: string): ListQuery | { readonly issues: readonly QueryIssue[] } {
  const given = new URLSearchParams(query)
  const issues: QueryIssue[] = []
  const one = (parameter: string): string | undefined => {
    const [first, ...others] = given.getAll(parameter)
    if (others.some((other) => other !== first)) issues.push({ parameter, detail: 'must be given once' })
    return first
  }

  for (const parameter of new Set(given.keys()))
    if (!isKnown(list, parameter)) issues.push({ parameter: parameter.slice(0, 64), detail: 'is not known here' })
  const limit = toLimit(list, one('limit'), issues)
  const cursor = one('cursor')
  const sort = toSort(list, one('sort'), issues)
  const count = toCount(list, one('count'), issues)
  const filters = toFilters(list, given, issues)
  if (issues.length > 0) return { issues }

  const text = JSON.stringify([path, sort.text, [...filters]])
  const digest = Buffer.from(hash('sha256', text, 'hex').slice(0, hashBytes * 2), 'hex')
  return { ...limit, cursor, sort, count, filters, hash: digest }
}

function isKnown({ filters, selection }: List, name: string): boolean {
  return name === 'limit' || name === 'cursor' || name === 'sort' || name === 'count' || filters.has(name) || selection.has(name)
}

function toLimit({ limit }: List, given: string | undefined, issues: QueryIssue[]): { limit: number; isClamped: boolean } {
  if (given === undefined) return { limit: limit.default, isClamped: false }
  const wanted = /^\d+(?:e\d+)?$/.test(given) ? Number(given) : Number.NaN
  if (Number.isSafeInteger(wanted) && wanted > 0) {
    if (wanted <= limit.max) return { limit: wanted, isClamped: false }
    if (limit.over === 'clamp') return { limit: limit.max, isClamped: true }
  }
  const most = limit.over === 'error' ? ` from 1 to ${limit.max}` : ' above 0'
  issues.push({ parameter: 'limit', detail: `must be a whole number${most}` })
  return { limit: limit.default, isClamped: false }
}

function toSort({ sorts }: List, given: string | undefined, issues: QueryIssue[]): Sort {
  const standard = sorts.get('default') as Sort
  const sort = given === undefined ? standard : sorts.get(given)
  if (sort === undefined) {
    const names = [...sorts.keys()].filter((name) => name !== 'default')
    issues.push({ parameter: 'sort', detail: `must be one of ${(names.length > 0 ? names : ['default']).join(', ')}` })
  }
  return sort ?? standard
}

function toCount({ count }: List, given: string | undefined, issues: QueryIssue[]): ListQuery['count'] {
  if (given === undefined || given === 'none') return 'none'
  const offered = { none: [], estimate: ['estimate'], exact: ['estimate', 'exact'] }[count] as string[]
  if (offered.includes(given)) return given as ListQuery['count']
  issues.push({ parameter: 'count', detail: offered.length === 0 ? 'is not known here' : `must be one of ${offered.join(', ')}` })
  return 'none'
}

function toFilters(list: List, given: URLSearchParams, issues: QueryIssue[]): ReadonlyMap<string, readonly string[]> {
  const filters = new Map<string, readonly string[]>()
  for (const name of [...list.filters.keys()].sort()) {
    const filter = list.filters.get(name)
    if (filter === undefined) continue
    const texts = given.has(name) ? given.getAll(name) : filter.default === undefined ? [] : [filter.default]
    const values = new Set<string>()
    for (const text of texts) {
      const read = filter.read(text)
      if ('detail' in read) issues.push({ parameter: name, detail: read.detail })
      else values.add(read.value)
    }
    if (values.size > 1 && !filter.many) issues.push({ parameter: name, detail: 'must be given once' })
    if (values.size > mostValues) issues.push({ parameter: name, detail: `must have at most ${mostValues} values` })
    if (values.size > 0) filters.set(name, [...values].sort())
  }
  return filters
}

/** A set of values becomes an IN list, or as many comparisons. */
const mostValues = 100
