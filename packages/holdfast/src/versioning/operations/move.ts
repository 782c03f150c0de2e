import type { ObjectEdit } from '../json/object-edit.ts'
import { findMember, renameMember, withMember, withoutMember } from '../schema/members.ts'
import { formatPath, parsePath } from '../schema/path.ts'
import type { Path } from '../schema/path.ts'
import { holderFor, holderOf, lastOf } from './operation.ts'
import type { Operation } from './operation.ts'

/** A member that another name, or another place. */
export interface Move<From extends string, To extends string> extends Operation {
  readonly edit?: { readonly move: readonly [From, To] }
}

/**
 * The member `from` of the version before is `to` in this one, in the same object.
 *
 * @param from a JSON Pointer from the root of the shape
 * @example
 * rename('/name', '/display_name')
 */
export function rename<const From extends string, const To extends string>(from: From, to: To): Move<From, To> {
  return move(from, to)
}

/**
 * The member `from` of the version before is at `to` in this one, perhaps inside another object. Objects on the way are made, and stay.
 *
 * @example
 * move('/city', '/address/city')
 */
export function move<const From extends string, const To extends string>(from: From, to: To): Move<From, To> {
  const before = parsePath(from, 'move')
  const after = parsePath(to, 'move')
  const isSibling = formatPath(before.slice(0, -1)) === formatPath(after.slice(0, -1))
  const carry = isSibling ? carrySibling : carryElsewhere
  return {
    describe: `${from} is ${to}`,
    pointers: [[before, after]],
    up: (object) => carry(object, before, after),
    down: (object) => carry(object, after, before),
    appliesTo: (schema, resolve) => findMember(schema, after, resolve) !== undefined,
    before(schema, resolve) {
      const member = findMember(schema, after, resolve)
      if (member === undefined) return schema
      if (before.length === 1 && after.length === 1) return renameMember(schema, after[0], before[0], resolve)
      return withMember(withoutMember(schema, after, resolve), before, member, resolve)
    },
  }
}

function carrySibling(object: ObjectEdit, from: Path, to: Path): void {
  holderOf(object, from)?.rename(lastOf(from), lastOf(to))
}

function carryElsewhere(object: ObjectEdit, from: Path, to: Path): void {
  const holder = holderOf(object, from)
  const text = holder?.text(lastOf(from))
  if (holder === undefined || text === undefined) return
  holder.remove(lastOf(from))
  holderFor(object, to)?.set(lastOf(to), text)
}
