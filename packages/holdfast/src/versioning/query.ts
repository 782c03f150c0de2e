import type { QueryChange } from './change.ts'
import { StepError } from './json/rewrite.ts'
import type { Trace } from './json/rewrite.ts'
import type { Mapping } from './operations/index.ts'

/** One parameter as it was written. */
type Pair = readonly [name: string, value: string | undefined]

/** What the query of a route becomes, in both directions. */
export interface QueryPlan {
  up(query: string, trace: Trace): string
  down(query: string, trace: Trace): string
}

/** Something of a change, with the place of the change in the chain. */
export interface Placed<T> {
  readonly change: number
  readonly what: T
}

/**
 * Makes the plan of a query from the changes between a version and the newest one, the oldest first. What they do not name keeps its
 * spelling, its place and its repeats.
 */
export function planQuery(changes: readonly Placed<QueryChange>[]): QueryPlan | undefined {
  const effective = changes.filter(({ what: { rename = {}, values = {} } }) => Object.keys(rename).length + Object.keys(values).length > 0)
  if (effective.length === 0) return undefined
  const upward = effective.map((change) => toStep(change, true))
  const downward = effective.toReversed().map((change) => toStep(change, false))
  return { up: (query, trace) => apply(query, upward, trace), down: (query, trace) => apply(query, downward, trace) }
}

interface PairStep {
  readonly change: number
  run(pair: Pair): Pair
}

function toStep({ change, what: { rename = {}, values = {} } }: Placed<QueryChange>, isUp: boolean): PairStep {
  const names = new Map(Object.entries(rename).map(([before, after]) => (isUp ? [before, after] : [after, before])))
  const mapped = (name: string, value: string | undefined): string | undefined => {
    const mapping: Mapping | undefined = Object.hasOwn(values, name) ? values[name] : undefined
    if (mapping === undefined || value === undefined) return value
    const before = decode(value)
    const after = isUp ? mapping.up(before) : mapping.down(before)
    return after === before ? value : encodeURIComponent(String(after))
  }
  return {
    change,
    run(pair) {
      const [name, value] = pair
      const plain = decode(name)
      const renamed = names.get(plain)
      const next = mapped(isUp ? (renamed ?? plain) : plain, value)
      return renamed === undefined && next === value ? pair : [renamed === undefined ? name : encodeURIComponent(renamed), next]
    },
  }
}

function apply(query: string, steps: readonly PairStep[], trace: Trace): string {
  if (query === '') return query
  return query
    .split('&')
    .map((part) => {
      const at = part.indexOf('=')
      let pair: Pair = at < 0 ? [part, undefined] : [part.slice(0, at), part.slice(at + 1)]
      for (const step of steps) pair = taken(step, pair, trace)
      return pair[1] === undefined ? pair[0] : `${pair[0]}=${pair[1]}`
    })
    .join('&')
}

function taken(step: PairStep, pair: Pair, trace: Trace): Pair {
  try {
    const next = step.run(pair)
    if (next !== pair) trace.fired(step.change)
    return next
  } catch (error) {
    throw new StepError(step.change, error)
  }
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return text
  }
}
