import { PatchError, hasMembers } from './patch-format.ts'
import type { PatchFormat } from './patch-format.ts'

/** Deeper than any resource, and far from where a recursion overflows. */
const deepest = 200

/**
 * JSON Merge Patch (RFC 7396): a patch looks like the resource, with `null` for members that go.
 *
 * @example
 * mergePatch.apply({ a: 1, b: { c: 2 } }, { b: { c: null, d: 3 } }) // { a: 1, b: { d: 3 } }
 */
export const mergePatch: PatchFormat = {
  mediaType: 'application/merge-patch+json',
  apply: (document, patch) => merge(document, patch, 0),
}

function merge(target: unknown, patch: unknown, depth: number): unknown {
  if (depth > deepest) throw new PatchError('patch-invalid', `the patch is nested more than ${deepest} levels deep`)
  if (!isObject(patch)) return patch
  const merged = new Map(isObject(target) ? Object.entries(target) : [])
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) merged.delete(name)
    else merged.set(name, merge(merged.get(name), value, depth + 1))
  }
  // Defines members, so that one called __proto__ stays a member.
  return Object.fromEntries(merged)
}

function isObject(value: unknown): value is Record<string, unknown> {
  return hasMembers(value) && !Array.isArray(value)
}
