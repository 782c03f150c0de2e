import { fromValue, isRawJson } from './json/value.ts'

type Members = Readonly<Record<string, unknown>>

/**
 * Joins what a caller sent with what is there. `base` is what the caller was shown of `current`, translated back: where `next` says the
 * same as `base` the caller changed nothing, and `current` stays, with all that the caller could not see; everywhere else `next` counts.
 * Arrays count as a whole.
 */
export function mergeThree<T>(base: unknown, next: T, current: T): T {
  if (isEqual(base, next)) return current
  if (!isMembers(base) || !isMembers(next) || !isMembers(current)) return next
  // A member named __proto__ is a member like any other here: assigned, it would give the result a prototype of the caller's.
  const merged: [name: string, value: unknown][] = []
  for (const name of new Set([...Object.keys(current), ...Object.keys(next)])) {
    const has = (members: Members): boolean => Object.hasOwn(members, name) && members[name] !== undefined
    const value =
      has(next) || has(base) ? mergeThree(memberOf(base, name), memberOf(next, name), memberOf(current, name)) : memberOf(current, name)
    if (value !== undefined) merged.push([name, value])
  }
  return Object.fromEntries(merged) as T
}

const memberOf = (members: Members, name: string): unknown => (Object.hasOwn(members, name) ? members[name] : undefined)

function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !isRawJson(value)
}

function isEqual(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((item, index) => isEqual(item, b[index]))
  if (isMembers(a) && isMembers(b) && typeof (b as { toJSON?: unknown }).toJSON !== 'function') {
    const names = new Set([...Object.keys(a), ...Object.keys(b)])
    return [...names].every((name) => isEqual(a[name], b[name]))
  }
  // A number that kept its text may be a bigint on the other side.
  return isSpelled(a) && isSpelled(b) && fromValue(a) === fromValue(b)
}

const isSpelled = (value: unknown): boolean =>
  (typeof value === 'object' && value !== null) || typeof value === 'bigint' || typeof value === 'number'
