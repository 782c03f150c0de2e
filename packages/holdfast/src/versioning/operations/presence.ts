import { configurationError } from '../../core/index.ts'
import { fromValue, toValue } from '../json/value.ts'
import { findMember, withMember, withoutMember } from '../schema/members.ts'
import { parsePath } from '../schema/path.ts'
import type { Schema } from '../schema/schema.ts'
import { holderFor, holderOf, lastOf } from './operation.ts'
import type { Operation } from './operation.ts'

/** A member that only this version must have. */
export interface Default<At extends string> extends Operation {
  readonly edit?: { readonly default: At }
}

/**
 * A member that requests must have in this version, and may leave out in the version before, which means `value`.
 *
 * @example
 * defaultTo('/priority', 'normal')
 */
export function defaultTo<const At extends string>(at: At, value: unknown): Default<At> {
  const path = parsePath(at, 'defaultTo')
  const text = fromValue(value)
  return {
    describe: `${at} may be left out, which means ${text}`,
    pointers: [[path, path]],
    unkept: [path],
    up(object) {
      const holder = holderFor(object, path)
      if (holder !== undefined && !holder.has(lastOf(path))) holder.set(lastOf(path), text)
    },
    // The version before knows the member, so what it is told stays true.
    down() {},
    appliesTo: (schema, resolve) => findMember(schema, path, resolve) !== undefined,
    before(schema, resolve) {
      const member = findMember(schema, path, resolve)
      if (member === undefined) return schema
      return withMember(schema, path, { schema: { ...member.schema, default: value }, isRequired: false }, resolve)
    },
  }
}

/** A member that only the version before has. */
export interface Removed<At extends string> extends Operation {
  readonly edit?: { readonly removed: At }
}

/** What the version before is told of a member that this version has no more. */
export interface RemovedMember {
  /** What stands there: a value, or a function of the rest of the object. */
  readonly value: unknown
  readonly schema: Schema
  /** Whether the version before promised it. @default true */
  readonly isRequired?: boolean
}

/**
 * A member of the version before that this version has no more: it is dropped from what old callers send, and they are told `value`.
 *
 * @example
 * remove('/livemode', { value: true, schema: { type: 'boolean' } })
 */
export function remove<const At extends string>(at: At, { value, schema: member, isRequired = true }: RemovedMember): Removed<At> {
  const path = parsePath(at, 'remove')
  if (value === undefined) throw configurationError(`remove: expected the value that old callers are told of ${at}, got undefined`)
  return {
    describe: `${at} was removed`,
    pointers: [],
    unkept: [path],
    up: (object) => holderOf(object, path)?.remove(lastOf(path)),
    down(object) {
      const told: unknown =
        typeof value === 'function' ? (value as (rest: unknown) => unknown)(toValue(object.print() ?? object.source)) : value
      if (told !== undefined) holderFor(object, path)?.set(lastOf(path), fromValue(told))
    },
    appliesTo: () => true,
    before: (schema, resolve) => withMember(schema, path, { schema: member, isRequired }, resolve),
  }
}

/** A member that only this version has. */
export interface Hidden<At extends string> extends Operation {
  readonly edit?: { readonly hidden: At }
}

/**
 * A member of this version that callers of the version before must not see. `put` keeps it when they write.
 *
 * An additive member needs no change at all: it appears in all versions. This is for the rare one that old callers would trip over.
 *
 * @example
 * hide('/internal_note')
 */
export function hide<const At extends string>(at: At): Hidden<At> {
  const path = parsePath(at, 'hide')
  return {
    describe: `${at} does not exist`,
    pointers: [],
    lossy: [path],
    up() {},
    down: (object) => holderOf(object, path)?.remove(lastOf(path)),
    appliesTo: (schema, resolve) => findMember(schema, path, resolve) !== undefined,
    before: (schema, resolve) => withoutMember(schema, path, resolve),
  }
}
