import { configurationError } from '../../core/index.ts'
import type { ObjectEdit } from '../json/object-edit.ts'
import { firstItem, memberText } from '../json/parts.ts'
import { findMember, withMember, withoutMember } from '../schema/members.ts'
import { parsePath } from '../schema/path.ts'
import type { Path } from '../schema/path.ts'
import type { Resolve, Schema } from '../schema/schema.ts'
import { holderOf, lastOf } from './operation.ts'
import type { Operation } from './operation.ts'

/** A plain value that became part of a container. */
export interface Wrap<From extends string, To extends string, Key extends string | 0> extends Operation {
  readonly edit?: { readonly wrap: readonly [From, To, Key] }
}

/** A container that became one of its parts. */
export interface Unwrap<From extends string, To extends string, Key extends string | 0> extends Operation {
  readonly edit?: { readonly unwrap: readonly [From, To, Key] }
}

/**
 * The value `from` of the version before lies in this version inside `to`, as its member `key`, or as the first item when `key` is 0.
 * What else is in the container cannot be seen by the version before, and `put` keeps it when that version writes.
 *
 * @param options `orEmpty`: without the value there is an empty container in this version, where it must not be missing. @default false
 * @example
 * wrap('/from', '/source', 'id')  // "wal_1" -> { "id": "wal_1" }
 * wrap('/owner', '/owners', 0)    // "Ann"   -> ["Ann"]
 */
export function wrap<const From extends string, const To extends string, const Key extends string | 0>(
  from: From,
  to: To,
  key: Key,
  { orEmpty = false }: { readonly orEmpty?: boolean } = {},
): Wrap<From, To, Key> {
  const { outer, inner } = siblings('wrap', to, from)
  return {
    describe: `${from} is ${to}${partOf(key)}`,
    pointers: [[inner, [...outer, String(key)]]],
    ownDepth: outer.length,
    lossy: [outer],
    up(object) {
      putIn(object, inner, outer, key)
      const holder = orEmpty ? holderOf(object, outer) : undefined
      if (holder !== undefined && !holder.has(lastOf(outer))) holder.set(lastOf(outer), key === 0 ? '[]' : '{}')
    },
    down: (object) => takeOut(object, outer, inner, key),
    appliesTo: (schema, resolve) => findMember(schema, outer, resolve) !== undefined,
    before(schema, resolve) {
      const container = findMember(schema, outer, resolve)
      if (container === undefined) return schema
      const part = partSchema(container.schema, key, resolve)
      const isRequired = container.isRequired && part.isRequired
      const wider = withMember(schema, inner, { schema: part.schema, isRequired }, resolve, lastOf(outer))
      return withoutMember(wider, outer, resolve)
    },
  }
}

/**
 * The container `from` of the version before is in this version its one part `to`: the inverse of `wrap`.
 *
 * @example
 * unwrap('/source', '/from', 'id')  // { "id": "wal_1" } -> "wal_1"
 */
export function unwrap<const From extends string, const To extends string, const Key extends string | 0>(
  from: From,
  to: To,
  key: Key,
): Unwrap<From, To, Key> {
  const { outer, inner } = siblings('unwrap', from, to)
  return {
    describe: `${from}${partOf(key)} is ${to}`,
    pointers: [[[...outer, String(key)], inner]],
    up: (object) => takeOut(object, outer, inner, key),
    down: (object) => putIn(object, inner, outer, key),
    appliesTo: (schema, resolve) => findMember(schema, inner, resolve) !== undefined,
    before(schema, resolve) {
      const part = findMember(schema, inner, resolve)
      if (part === undefined) return schema
      const container: Schema =
        key === 0
          ? { type: 'array', items: part.schema, minItems: 1 }
          : { type: 'object', properties: { [key]: part.schema }, required: [key], additionalProperties: false }
      const wider = withMember(schema, outer, { schema: container, isRequired: part.isRequired }, resolve, lastOf(inner))
      return withoutMember(wider, inner, resolve)
    },
  }
}

const partOf = (key: string | 0): string => (key === 0 ? '/0' : `/${key}`)

function siblings(where: string, container: string, part: string): { outer: Path; inner: Path } {
  const outer = parsePath(container, where)
  const inner = parsePath(part, where)
  if (outer.slice(0, -1).join('/') !== inner.slice(0, -1).join('/'))
    throw configurationError(
      `${where}: expected two members of one object, got ${JSON.stringify(part)} and ${JSON.stringify(container)}; move one first`,
    )
  return { outer, inner }
}

function putIn(object: ObjectEdit, inner: Path, outer: Path, key: string | 0): void {
  const holder = holderOf(object, inner)
  if (holder === undefined || !holder.has(lastOf(inner))) return
  // Nothing is nothing in both versions.
  holder.replace(lastOf(inner), (text) => (text === 'null' ? text : key === 0 ? `[${text}]` : `{${JSON.stringify(key)}:${text}}`))
  holder.rename(lastOf(inner), lastOf(outer))
}

function takeOut(object: ObjectEdit, outer: Path, inner: Path, key: string | 0): void {
  const holder = holderOf(object, outer)
  if (holder === undefined) return
  let hasPart = false
  const found = holder.replace(lastOf(outer), (text) => {
    const part = partText(text, key)
    if (part !== undefined) hasPart = true
    // Without a part there is nothing to tell; the member goes, unless another of its name has one.
    return part ?? 'null'
  })
  if (hasPart) holder.rename(lastOf(outer), lastOf(inner))
  else if (found) holder.remove(lastOf(outer))
}

/** The part of a container; a container that is null, or anything else that has no parts, stands for itself. */
function partText(text: string, key: string | 0): string | undefined {
  const kind = text.charCodeAt(0)
  if (key === 0) return kind === 91 ? firstItem(text) : text
  return kind === 123 ? memberText(text, key) : text
}

function partSchema(container: Schema, key: string | 0, resolve: Resolve): { schema: Schema; isRequired: boolean } {
  if (key !== 0)
    return (
      findMember(container, [key], resolve) ?? { schema: (resolve(container)['additionalProperties'] ?? {}) as Schema, isRequired: false }
    )
  const array = resolve(container)
  return { schema: (array['items'] ?? {}) as Schema, isRequired: Number(array['minItems'] ?? 0) > 0 }
}
