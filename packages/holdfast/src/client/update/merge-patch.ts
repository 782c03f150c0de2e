/** What JSON text can say. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json }

type JsonObject = { readonly [name: string]: Json }

const isObject = (value: Json | undefined): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value)

/** Whether two values are the same JSON. The order of members does not count; a member that is `undefined` is not there. */
export function isSame(left: Json | undefined, right: Json | undefined): boolean {
  if (left === right) return true
  if (Array.isArray(left) && Array.isArray(right))
    return left.length === right.length && left.every((item: Json, index) => isSame(item, right[index] as Json))
  if (!isObject(left) || !isObject(right)) return false
  const names = namesOf(left)
  return names.length === namesOf(right).length && names.every((name) => Object.hasOwn(right, name) && isSame(left[name], right[name]))
}

/**
 * The merge patch (RFC 7396) that makes `after` of `before`; `undefined` when they are the same.
 *
 * A merge patch says "remove" with `null`, so a member that is set to `null` and one that is left out are the same to it.
 *
 * @example
 * toMergePatch({ a: 1, b: { c: 2, d: 3 } }, { a: 1, b: { c: 4 } }) // { b: { c: 4, d: null } }
 */
export function toMergePatch(before: Json, after: Json): Json | undefined {
  if (isSame(before, after)) return undefined
  if (!isObject(before) || !isObject(after)) return after
  const changes: [string, Json][] = []
  for (const name of namesOf(before)) if (!has(after, name)) changes.push([name, null])
  for (const name of namesOf(after)) {
    const change = has(before, name) ? toMergePatch(before[name] as Json, after[name] as Json) : (after[name] as Json)
    if (change !== undefined) changes.push([name, change])
  }
  // Not by assignment, which would take a member called __proto__ for the prototype.
  return Object.fromEntries(changes)
}

/** Whether a value is what a merge patch would make of it: whether the change is in it already. */
export function contains(value: Json, patch: Json): boolean {
  if (!isObject(patch)) return isSame(value, patch)
  return (
    isObject(value) &&
    namesOf(patch).every((name) => {
      const change = patch[name] as Json
      // Servers show what was removed as null, or not at all.
      return change === null ? (own(value, name) ?? null) === null : has(value, name) && contains(value[name] as Json, change)
    })
  )
}

/** What a merge of two changes came to: the merged value, or the JSON pointers where both changed the same thing. */
export type Merged = { readonly value: Json } | { readonly overlaps: readonly string[] }

/**
 * Merges two changes of one value. Objects are merged member by member; arrays and everything else are one thing each.
 *
 * @example
 * mergeThreeWays({ a: 1, b: 1 }, { a: 2, b: 1 }, { a: 1, b: 2 }) // { value: { a: 2, b: 2 } }
 * mergeThreeWays({ a: 1 }, { a: 2 }, { a: 3 }) // { overlaps: ['/a'] }
 */
export function mergeThreeWays(base: Json, mine: Json, theirs: Json): Merged {
  const overlaps: string[] = []
  const value = merge(base, mine, theirs, '', overlaps)
  return overlaps.length > 0 || value === undefined ? { overlaps } : { value }
}

function merge(
  base: Json | undefined,
  mine: Json | undefined,
  theirs: Json | undefined,
  path: string,
  overlaps: string[],
): Json | undefined {
  if (isSame(mine, theirs) || isSame(mine, base)) return theirs
  if (isSame(theirs, base)) return mine
  if (!isObject(mine) || !isObject(theirs)) {
    overlaps.push(path)
    return undefined
  }
  const ancestor = isObject(base) ? base : {}
  const merged: [string, Json][] = []
  for (const name of new Set([...namesOf(theirs), ...namesOf(mine)])) {
    const value = merge(own(ancestor, name), own(mine, name), own(theirs, name), `${path}/${escape(name)}`, overlaps)
    if (value !== undefined) merged.push([name, value])
  }
  return Object.fromEntries(merged)
}

const namesOf = (value: JsonObject): string[] => Object.keys(value).filter((name) => value[name] !== undefined)
const has = (value: JsonObject, name: string): boolean => own(value, name) !== undefined
const own = (value: JsonObject, name: string): Json | undefined => (Object.hasOwn(value, name) ? value[name] : undefined)
/** RFC 6901 section 3. */
const escape = (name: string): string => name.replaceAll('~', '~0').replaceAll('/', '~1')
