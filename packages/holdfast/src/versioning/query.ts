import type { QueryChange } from './change.ts'
import type { Mapping } from './operations/index.ts'

/** One parameter as it was written. */
type Pair = readonly [name: string, value: string | undefined]

/** What the query of a route becomes, in both directions. */
export interface QueryPlan {
  up(query: string): string
  down(query: string): string
}

/**
 * Makes the plan of a query from the changes between a version and the newest one, the oldest first. What they do not name keeps its
 * spelling, its place and its repeats.
 */
export function planQuery(changes: readonly QueryChange[]): QueryPlan | undefined {
  const effective = changes.filter(({ rename, values }) => Object.keys(rename ?? {}).length + Object.keys(values ?? {}).length > 0)
  if (effective.length === 0) return undefined
  const upward = effective.map((change) => step(Object.entries(change.rename ?? {}), change.values ?? {}, true))
  const downward = effective.toReversed().map((change) => step(Object.entries(change.rename ?? {}), change.values ?? {}, false))
  return { up: (query) => apply(query, upward), down: (query) => apply(query, downward) }
}

type PairStep = (pair: Pair) => Pair

function step(renames: readonly (readonly [string, string])[], values: Readonly<Record<string, Mapping>>, isUp: boolean): PairStep {
  const names = new Map(isUp ? renames : renames.map(([before, after]) => [after, before] as const))
  const mapped = (name: string, value: string | undefined): string | undefined => {
    const mapping = Object.hasOwn(values, name) ? values[name] : undefined
    if (mapping === undefined || value === undefined) return value
    const before = decode(value)
    const after = isUp ? mapping.up(before) : mapping.down(before)
    return after === before ? value : encodeURIComponent(String(after))
  }
  return ([name, value]) => {
    const plain = decode(name)
    const renamed = names.get(plain)
    const newest = isUp ? (renamed ?? plain) : plain
    return [renamed === undefined ? name : encodeURIComponent(renamed), mapped(newest, value)]
  }
}

function apply(query: string, steps: readonly PairStep[]): string {
  if (query === '') return query
  return query
    .split('&')
    .map((part) => {
      const at = part.indexOf('=')
      let pair: Pair = at < 0 ? [part, undefined] : [part.slice(0, at), part.slice(at + 1)]
      for (const one of steps) pair = one(pair)
      return pair[1] === undefined ? pair[0] : `${pair[0]}=${pair[1]}`
    })
    .join('&')
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return text
  }
}
