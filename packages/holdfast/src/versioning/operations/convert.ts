import { configurationError } from '../../core/index.ts'
import type { ObjectEdit } from '../json/object-edit.ts'
import { fromValue, rewriteValue, toValue } from '../json/value.ts'
import { findMember, withMember, withoutMember } from '../schema/members.ts'
import { parsePath } from '../schema/path.ts'
import type { Path } from '../schema/path.ts'
import type { Resolve, Schema } from '../schema/schema.ts'
import { schemaBefore } from './mapping.ts'
import type { Mapping } from './mapping.ts'
import { holderFor, holderOf, lastOf } from './operation.ts'
import type { Operation } from './operation.ts'

/** A member that is written differently. */
export interface Convert<At extends string> extends Operation {
  readonly edit?: { readonly convert: At }
}

/**
 * The same member in another notation. Absent members and nulls stay what they are.
 *
 * @example
 * convert('/status', enumMap({ done: 'posted' }))
 * convert('/opened', { up: (date) => `${String(date)}T00:00:00Z`, down: (time) => String(time).slice(0, 10), before: { type: 'string', format: 'date' } })
 */
export function convert<const At extends string>(at: At, mapping: Mapping): Convert<At> {
  const path = parsePath(at, 'convert')
  assertBoth('convert', mapping)
  const each = (map: (value: unknown) => unknown) => {
    const change = remembering((text) => {
      const value = toValue(text)
      return value === null ? text : rewriteValue(text, map(value))
    })
    return (object: ObjectEdit): void => void holderOf(object, path)?.replace(lastOf(path), change)
  }
  return {
    describe: `${at} is written differently`,
    pointers: [[path, path]],
    isOpaque: true,
    up: each((value) => mapping.up(value)),
    down: each((value) => mapping.down(value)),
    appliesTo: (schema, resolve) => findMember(schema, path, resolve) !== undefined,
    before(schema, resolve) {
      const member = findMember(schema, path, resolve)
      if (member === undefined) return schema
      return withMember(schema, path, { ...member, schema: schemaBefore(mapping, member.schema) }, resolve)
    },
  }
}

/** Values of an enumeration come again and again; a mapping gives the same for the same. */
function remembering(change: (text: string) => string): (text: string) => string {
  const known = new Map<string, string>()
  return (text) => {
    const before = known.get(text)
    if (before !== undefined) return before
    const after = change(text)
    if (text.length <= longestRemembered && known.size < mostRemembered) known.set(text, after)
    return after
  }
}

const longestRemembered = 32
const mostRemembered = 256

/** Several members of one version that are one member of the other. */
export interface Regroup<Before extends readonly string[], After extends readonly string[]> extends Operation {
  readonly edit?: { readonly regroup: readonly [Before, After] }
}

/** How members become others, all at once. A member that is absent is `undefined`; so is one that shall be absent. */
export interface Regrouping {
  up(before: readonly unknown[]): readonly unknown[]
  down(after: readonly unknown[]): readonly unknown[]
  /** The schemas of the members in the version before, in order. */
  readonly before: readonly Schema[]
}

/**
 * One member of the version before is several in this one.
 *
 * @example
 * split('/name', ['/given', '/family'], { up: ([name]) => String(name).split(' '), down: (parts) => [parts.join(' ')], before: [{ type: 'string' }] })
 */
export function split<const From extends string, const To extends readonly string[]>(
  from: From,
  to: To,
  regrouping: Regrouping,
): Regroup<readonly [From], To> {
  return exchanging('split', [from], to, regrouping)
}

/**
 * Several members of the version before are one in this one.
 *
 * @example
 * merge(['/amount', '/currency'], '/amount', {
 *   up: ([cents, currency]) => [{ cents, currency }],
 *   down: ([money]) => [(money as Money).cents, (money as Money).currency],
 *   before: [{ type: 'integer' }, { type: 'string' }],
 * })
 */
export function merge<const From extends readonly string[], const To extends string>(
  from: From,
  to: To,
  regrouping: Regrouping,
): Regroup<From, readonly [To]> {
  return exchanging('merge', from, [to], regrouping)
}

/**
 * Several members of one version that are several of the other, and depend on each other.
 *
 * @example
 * regroup(['/balance', '/currency'], ['/balance'], {
 *   up: ([cents, currency]) => [{ cents, currency }],
 *   down: ([money]) => [(money as Money).cents, (money as Money).currency],
 *   before: [{ type: 'integer' }, { type: 'string' }],
 * })
 */
export function regroup<const From extends readonly string[], const To extends readonly string[]>(
  from: From,
  to: To,
  regrouping: Regrouping,
): Regroup<From, To> {
  return exchanging('regroup', from, to, regrouping)
}

function exchanging<const Before extends readonly string[], const After extends readonly string[]>(
  kind: string,
  from: Before,
  to: After,
  regrouping: Regrouping,
): Regroup<Before, After> {
  assertBoth(kind, regrouping)
  const before = from.map((pointer) => parsePath(pointer, kind))
  const after = to.map((pointer) => parsePath(pointer, kind))
  if (regrouping.before.length !== before.length)
    throw configurationError(`${kind}: expected one schema for each of ${from.join(', ')}, got ${regrouping.before.length}`)
  return {
    describe: `${from.join(', ')} ${from.length > 1 ? 'are' : 'is'} ${to.join(', ')}`,
    pointers: before.flatMap((path, index) => ((after[index] ?? after[0]) ? [[path, (after[index] ?? after[0]) as Path] as const] : [])),
    isOpaque: true,
    up: exchanger(before, after, (values) => regrouping.up(values)),
    down: exchanger(after, before, (values) => regrouping.down(values)),
    appliesTo: (schema, resolve) => after.some((path) => findMember(schema, path, resolve) !== undefined),
    before: (schema, resolve) => schemaOfBefore(schema, resolve, before, after, regrouping),
  }
}

function schemaOfBefore(
  schema: Schema,
  resolve: Resolve,
  before: readonly Path[],
  after: readonly Path[],
  { before: schemas }: Regrouping,
): Schema {
  const isRequired = after.every((path) => findMember(schema, path, resolve)?.isRequired)
  let changed = schema
  for (const path of after) if (!before.some((kept) => kept.join('/') === path.join('/'))) changed = withoutMember(changed, path, resolve)
  for (const [index, path] of before.entries())
    changed = withMember(changed, path, { schema: schemas[index] as Schema, isRequired }, resolve)
  return changed
}

/** Makes one direction of a regrouping: what can be worked out once is, since it runs for every object. */
function exchanger(
  from: readonly Path[],
  to: readonly Path[],
  change: (values: readonly unknown[]) => readonly unknown[],
): (object: ObjectEdit) => void {
  const kept = new Set(to.map((path) => path.join('/')))
  const gone = from.filter((path) => !kept.has(path.join('/')))
  return function exchange(object) {
    const values: unknown[] = []
    let isThere = false
    for (const path of from) {
      const text = holderOf(object, path)?.text(lastOf(path))
      if (text !== undefined) isThere = true
      values.push(text === undefined ? undefined : toValue(text))
    }
    if (!isThere) return
    const changed = change(values)
    for (const path of gone) holderOf(object, path)?.remove(lastOf(path))
    for (let index = 0; index < to.length; index++) {
      const path = to[index] as Path
      const value = changed[index]
      if (value === undefined) holderOf(object, path)?.remove(lastOf(path))
      else put(object, path, value)
    }
  }
}

function put(object: ObjectEdit, path: Path, value: unknown): void {
  const before = holderOf(object, path)?.text(lastOf(path))
  holderFor(object, path)?.set(lastOf(path), before === undefined ? fromValue(value) : rewriteValue(before, value))
}

function assertBoth(kind: string, mapping: { readonly up?: unknown; readonly down?: unknown }): void {
  for (const direction of ['up', 'down'] as const)
    if (typeof mapping[direction] !== 'function')
      throw configurationError(`${kind}: expected a function ${direction}, got ${typeof mapping[direction]}; both directions are needed`)
}
