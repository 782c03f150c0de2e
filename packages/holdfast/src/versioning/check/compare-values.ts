import type { Schema } from '../schema/schema.ts'
import type { Direction, Level } from './compare-schemas.ts'

type Report = (level: Level, rule: string, message: string) => void

/** Compares which values a place may hold, and what is meant by none. */
export function compareValues(before: Schema, after: Schema, direction: Direction, report: Report): void {
  const was = valuesOf(before)
  const is = valuesOf(after)
  if (direction === 'request') {
    if (was === undefined && is !== undefined)
      report('error', 'request-became-enum', `any value was accepted, only ${is.join(', ')} are now`)
    const removed = was?.filter((value) => is !== undefined && !is.includes(value)) ?? []
    if (removed.length > 0)
      report('error', 'request-enum-value-removed', `${removed.join(', ')} ${removed.length > 1 ? 'are' : 'is'} accepted no more`)
    compareDefaults(before, after, report)
    comparePatterns(before, after, report)
  } else {
    const added = is?.filter((value) => was !== undefined && !was.includes(value)) ?? []
    if (added.length > 0)
      report('warning', 'response-enum-value-added', `${added.join(', ')} may be answered, which callers may not expect`)
    if (was !== undefined && is === undefined) report('warning', 'response-enum-removed', `was one of ${was.join(', ')}, may be anything`)
  }
  if (before['format'] !== undefined && after['format'] !== undefined && before['format'] !== after['format'])
    report('error', `${direction}-type-changed`, `was in the format ${String(before['format'])}, is in ${String(after['format'])}`)
}

function valuesOf({ enum: values, const: only }: Schema): readonly string[] | undefined {
  if (Array.isArray(values)) return values.map((value) => JSON.stringify(value))
  return only === undefined ? undefined : [JSON.stringify(only)]
}

/** Who leaves a member out means its default: another default is another meaning. */
function compareDefaults({ default: was }: Schema, { default: is }: Schema, report: Report): void {
  if (JSON.stringify(was) === JSON.stringify(is)) return
  if (was === undefined) report('warning', 'request-default-added', `leaving it out means ${JSON.stringify(is)} now`)
  else
    report(
      'error',
      'request-default-changed',
      `leaving it out meant ${JSON.stringify(was)}, means ${is === undefined ? 'nothing' : JSON.stringify(is)} now`,
    )
}

function comparePatterns({ pattern: was }: Schema, { pattern: is }: Schema, report: Report): void {
  if (was === is || is === undefined) return
  if (was === undefined) report('error', 'request-pattern-added', `must match ${String(is)} now`)
  else report('warning', 'request-pattern-changed', `had to match ${String(was)}, must match ${String(is)}`)
}

const upper = ['maximum', 'exclusiveMaximum', 'maxLength', 'maxItems']
const lower = ['minimum', 'exclusiveMinimum', 'minLength', 'minItems']

/** Compares bounds: a request must not be held to tighter ones, an answer must not go beyond those it kept. */
export function compareBounds(before: Schema, after: Schema, direction: Direction, report: Report): void {
  for (const [names, sign] of [
    [upper, 1],
    [lower, -1],
  ] as const) {
    for (const name of names) {
      const was = before[name] as number | undefined
      const is = after[name] as number | undefined
      if (was === is) continue
      // By how much the bound moved outwards.
      const moved = was === undefined ? Number.NEGATIVE_INFINITY : is === undefined ? Number.POSITIVE_INFINITY : (is - was) * sign
      const message = `${name} was ${was ?? 'unbounded'}, is ${is ?? 'unbounded'}`
      if (direction === 'request' && moved < 0) report(was === undefined ? 'warning' : 'error', 'request-bound-tightened', message)
      if (direction === 'response' && moved > 0) report('error', 'response-bound-widened', message)
    }
  }
}
