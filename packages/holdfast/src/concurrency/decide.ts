import { readStateTag } from './etag.ts'
import type { EntityTag } from './etag.ts'
import type { TagCondition } from './entity-tags.ts'

/** The preconditions of one request; absent ones were not sent, or are to be ignored. Times are milliseconds since the epoch. */
export interface Preconditions {
  readonly ifMatch?: TagCondition | undefined
  readonly ifNoneMatch?: TagCondition | undefined
  readonly ifUnmodifiedSince?: number | undefined
  readonly ifModifiedSince?: number | undefined
}

/** What preconditions are judged by: the current representation. */
export interface Target {
  /** `undefined`: it has none. */
  readonly tag?: EntityTag | undefined
  /** When it last changed, milliseconds since the epoch; `undefined`: not known, and conditions on dates are ignored. */
  readonly modifiedAt?: number | undefined
}

/** How tags are compared. */
export interface Comparison {
  /** Whether the method only reads: GET and HEAD answer 304 where others answer 412. */
  readonly isRead: boolean
  /** Whether two tags of one state are the same, or only two of one representation. */
  readonly by: 'state' | 'representation'
  /** Takes `W/"x"` in If-Match for `"x"`: an intermediary weakened it. */
  readonly acceptsWeakened: boolean
}

/** A precondition field. */
export type PreconditionField = 'if-match' | 'if-none-match' | 'if-unmodified-since' | 'if-modified-since'

/** What is to be done. `isWeakened`: If-Match names the current tag, but weakly. */
export type Verdict =
  | { readonly kind: 'perform' }
  | { readonly kind: 'not-modified' }
  | { readonly kind: 'failed'; readonly field: PreconditionField; readonly isWeakened: boolean }

const perform: Verdict = { kind: 'perform' }
const notModified: Verdict = { kind: 'not-modified' }

/**
 * Evaluates preconditions in the order of RFC 9110 section 13.2.2. Whether they are to be evaluated at all (section 13.2.1: only where the
 * answer without them would be 2xx or 412) is the caller's to know.
 *
 * @param target the current representation; `undefined`: there is none
 */
export function decide(preconditions: Preconditions, target: Target | undefined, comparison: Comparison): Verdict {
  const { ifMatch, ifNoneMatch, ifUnmodifiedSince, ifModifiedSince } = preconditions
  const modifiedAt = target?.modifiedAt
  if (ifMatch !== undefined) {
    if (!isMatched(ifMatch, target, comparison))
      return { kind: 'failed', field: 'if-match', isWeakened: isWeakened(ifMatch, target, comparison) }
  } else if (ifUnmodifiedSince !== undefined && modifiedAt !== undefined && toSeconds(modifiedAt) > toSeconds(ifUnmodifiedSince)) {
    return { kind: 'failed', field: 'if-unmodified-since', isWeakened: false }
  }
  if (ifNoneMatch !== undefined) {
    if (!isNamed(ifNoneMatch, target, comparison)) return perform
    return comparison.isRead ? notModified : { kind: 'failed', field: 'if-none-match', isWeakened: false }
  }
  const isOld = ifModifiedSince !== undefined && modifiedAt !== undefined && toSeconds(modifiedAt) <= toSeconds(ifModifiedSince)
  return comparison.isRead && isOld ? notModified : perform
}

/** Strong comparison (RFC 9110 section 13.1.1): both tags strong, and the same. */
function isMatched(condition: TagCondition, target: Target | undefined, { by, acceptsWeakened }: Comparison): boolean {
  if (target === undefined) return false
  if (condition.kind === 'any') return true
  const { tag } = target
  if (tag === undefined || tag.isWeak) return false
  return condition.tags.some((one) => (acceptsWeakened || !one.isWeak) && isSame(one, tag, by))
}

/** Whether the only thing wrong with an If-Match is that its tag became weak on the way. */
function isWeakened(condition: TagCondition, target: Target | undefined, { by }: Comparison): boolean {
  const tag = target?.tag
  return condition.kind === 'tags' && tag !== undefined && condition.tags.some((one) => one.isWeak && isSame(one, tag, by))
}

/** Weak comparison (RFC 9110 section 13.1.2). */
function isNamed(condition: TagCondition, target: Target | undefined, { by }: Comparison): boolean {
  if (target === undefined) return false
  if (condition.kind === 'any') return true
  const { tag } = target
  return tag !== undefined && condition.tags.some((one) => isSame(one, tag, by))
}

function isSame(one: EntityTag, other: EntityTag, by: Comparison['by']): boolean {
  if (one.opaque === other.opaque) return true
  if (by === 'representation') return false
  const state = readStateTag(one.opaque)?.state
  return state !== undefined && state === readStateTag(other.opaque)?.state
}

/** HTTP dates have no fractions. */
function toSeconds(milliseconds: number): number {
  return Math.floor(milliseconds / 1000)
}
