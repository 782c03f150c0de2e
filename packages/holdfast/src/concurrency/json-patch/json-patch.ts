import { applyPatch } from 'rfc6902'
import { PatchError, hasMembers } from '../patch-format.ts'
import type { PatchFormat } from '../patch-format.ts'
import { isForbidden, isIndex, parsePointer, resolve } from './pointer.ts'

const mostOperations = 1_000
/** `copy` doubles what it copies: forty of them make a document of a terabyte out of a patch of two kilobytes. */
const mostCopiedValues = 100_000

type Operation = Parameters<typeof applyPatch>[1][number]

const kinds = new Set(['add', 'remove', 'replace', 'move', 'copy', 'test'])

/**
 * JSON Patch (RFC 6902): a list of operations, applied in order, all or none. `test` makes a patch conditional on what the resource holds; it is no substitute for
 * If-Match, which the write is conditional on.
 *
 * Takes up to 1,000 operations, and refuses members named `__proto__`, `constructor` or `prototype`.
 *
 * @example
 * jsonPatch.apply({ a: 1 }, [{ op: 'test', path: '/a', value: 1 }, { op: 'replace', path: '/a', value: 2 }]) // { a: 2 }
 */
export const jsonPatch: PatchFormat = {
  mediaType: 'application/json-patch+json',
  apply(document, patch) {
    if (!Array.isArray(patch)) throw new PatchError('patch-invalid', 'the patch is no list of operations')
    if (patch.length > mostOperations) throw new PatchError('patch-invalid', `the patch has more than ${mostOperations} operations`)
    // One level down, the root of the document is a member like any other.
    const holder = { root: structuredCopy(document) }
    let copied = 0
    patch.forEach((operation: unknown, index) => {
      const checked = check(operation, index)
      copied += prepare(holder, checked, index)
      if (copied > mostCopiedValues) throw new PatchError('patch-invalid', `the patch copies more than ${mostCopiedValues} values`, index)
      perform(holder, checked, index)
    })
    return holder.root
  },
}

interface Checked {
  readonly op: string
  readonly path: readonly string[]
  readonly from: readonly string[] | undefined
  readonly operation: Operation
}

function check(operation: unknown, index: number): Checked {
  const given = (typeof operation === 'object' && operation !== null ? operation : {}) as Readonly<Record<string, unknown>>
  const { op, value } = given
  if (typeof op !== 'string' || !kinds.has(op))
    throw new PatchError('patch-invalid', `operation ${index} has no op that RFC 6902 knows`, index)
  const path = pointerOf(given['path'], 'path', index)
  const from = op === 'move' || op === 'copy' ? pointerOf(given['from'], 'from', index) : undefined
  if ((op === 'add' || op === 'replace' || op === 'test') && !Object.hasOwn(given, 'value'))
    throw new PatchError('patch-invalid', `operation ${index} (${op}) has no value`, index)
  if (op === 'move' && from !== undefined && from.length < path.length && from.every((token, at) => token === path[at]))
    throw new PatchError('patch-invalid', `operation ${index} moves a value into itself`, index)
  const inHolder = { op, path: `/root${given['path'] as string}`, ...(from && { from: `/root${given['from'] as string}` }), value }
  return { op, path, from, operation: inHolder as Operation }
}

function pointerOf(value: unknown, member: string, index: number): readonly string[] {
  const tokens = typeof value === 'string' ? parsePointer(value) : undefined
  if (tokens === undefined) throw new PatchError('patch-invalid', `operation ${index}: ${member} is no JSON Pointer`, index)
  if (tokens.some(isForbidden))
    throw new PatchError('patch-invalid', `operation ${index}: ${member} names a member that no resource has`, index)
  return tokens
}

/** Sees to it that the operation's places are there, as the RFC asks; gives how many values it copies. */
function prepare(holder: { readonly root: unknown }, { op, path, from }: Checked, index: number): number {
  const source = from && resolve(holder.root, from)
  if (from !== undefined && source === undefined)
    throw new PatchError('patch-inapplicable', `operation ${index}: there is nothing at from`, index)
  if (op === 'remove' && path.length === 0)
    throw new PatchError('patch-inapplicable', `operation ${index} would remove the resource`, index)
  if (op === 'test' && resolve(holder.root, path) === undefined)
    throw new PatchError('patch-test-failed', `operation ${index}: there is nothing at path`, index)
  if ((op === 'remove' || op === 'replace') && resolve(holder.root, path) === undefined)
    throw new PatchError('patch-inapplicable', `operation ${index}: there is nothing at path`, index)
  if (op === 'add' || op === 'copy' || op === 'move') {
    const parent = path.length === 0 ? undefined : resolve(holder.root, path.slice(0, -1))
    if (path.length > 0 && !hasMembers(parent?.value))
      throw new PatchError('patch-inapplicable', `operation ${index}: there is nothing at path to add to`, index)
  }
  return op === 'copy' ? countValues(source?.value) : 0
}

/** `rfc6902` compares; what changes the document is done here, since its copies make objects of numbers that are kept as text. */
function perform(holder: { root: unknown }, { op, path, from, operation }: Checked, index: number): void {
  if (op === 'test') {
    if (!holds(holder, operation, index))
      throw new PatchError('patch-test-failed', `operation ${index}: the value at path is another`, index)
    return
  }
  if (op === 'remove') return void take(holder, path)
  const source = from && (op === 'move' ? take(holder, from) : resolve(holder.root, from)?.value)
  const value = op === 'move' ? source : copyOf(from === undefined ? (operation as { readonly value: unknown }).value : source, index)
  if (!put(holder, path, value, op === 'replace'))
    throw new PatchError('patch-inapplicable', `operation ${index} does not fit the resource`, index)
}

type Place = Record<string, unknown> | unknown[]

/** Takes a value out of the document; it is there. */
function take(holder: { root: unknown }, path: readonly string[]): unknown {
  const { root } = holder
  const last = path.at(-1)
  if (last === undefined) return root
  const parent = resolve(root, path.slice(0, -1))?.value as Place
  if (Array.isArray(parent)) return parent.splice(Number(last), 1)[0]
  const value = parent[last]
  delete parent[last]
  return value
}

/** Puts a value into the document; false where there is no place for it. */
function put(holder: { root: unknown }, path: readonly string[], value: unknown, isReplacing: boolean): boolean {
  const last = path.at(-1)
  if (last === undefined) holder.root = value
  else {
    const parent = resolve(holder.root, path.slice(0, -1))?.value as Place | undefined
    if (!hasMembers(parent)) return false
    if (!Array.isArray(parent)) parent[last] = value
    else {
      const at = last === '-' ? parent.length : isIndex(last) ? Number(last) : Number.POSITIVE_INFINITY
      if (at > parent.length) return false
      parent.splice(at, isReplacing ? 1 : 0, value)
    }
  }
  return true
}

/** Whether a `test` holds. One that fails is said with both values as texts, which an object with a member `toString` of its own cannot become. */
function holds(holder: { root: unknown }, operation: Operation, index: number): boolean {
  try {
    return !applyPatch(holder, [operation])[0]
  } catch (error) {
    if (error instanceof TypeError) return false
    throw tooDeep(error, index)
  }
}

/** A value of the patch, or of the document, that later operations may change. */
function copyOf(value: unknown, index: number): unknown {
  try {
    return structuredCopy(value)
  } catch (error) {
    throw tooDeep(error, index)
  }
}

function tooDeep(error: unknown, index: number): unknown {
  return error instanceof RangeError ? new PatchError('patch-invalid', `operation ${index} is nested too deep`, index) : error
}

function countValues(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 1
  return Object.values(value).reduce<number>((sum, one) => sum + countValues(one), 1)
}

/** A copy that operations may change. Numbers kept as text are shared. */
function structuredCopy(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(structuredCopy)
  if (!hasMembers(value)) return value
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, structuredCopy(one)]))
}
