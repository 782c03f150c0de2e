import { ObjectEdit } from './object-edit.ts'
import { JsonSyntaxError, endOfValue, failAt, skipSpace } from './scanner.ts'

type Reviver = (name: string, value: unknown, context?: { readonly source?: string }) => unknown
const parse = JSON.parse as (text: string, reviver?: Reviver) => unknown

/** As many digits as an integer above 2^53 has at least. */
const longDigits = /\d{16}/
const integer = /^-?\d+$/

/**
 * The value of a JSON text, for functions of users. An integer that a double cannot hold becomes a bigint; everything else is what
 * `JSON.parse` makes of it.
 *
 * @throws JsonSyntaxError for text that is not JSON
 */
export function toValue(text: string): unknown {
  try {
    return longDigits.test(text) ? parse(text, keepLongIntegers) : parse(text)
  } catch (error) {
    throw new JsonSyntaxError(error instanceof Error ? error.message : 'the text is not JSON')
  }
}

const keepLongIntegers: Reviver = (_name, value, context) => {
  if (typeof value !== 'number' || Number.isSafeInteger(value)) return value
  const source = context?.source
  return source !== undefined && integer.test(source) ? BigInt(source) : value
}

/** Writes a value as JSON; a bigint with all its digits. `undefined` members are left out, as by `JSON.stringify`. */
export function fromValue(value: unknown): string {
  switch (typeof value) {
    case 'bigint':
    case 'boolean':
      return String(value)
    case 'number':
      return Number.isFinite(value) ? String(value) : 'null'
    case 'string':
      return JSON.stringify(value)
    case 'object':
      if (value === null) return 'null'
      if (isRawJson(value)) return value.rawJSON
      if (Array.isArray(value)) return `[${value.map((item) => fromValue(item)).join(',')}]`
      if (typeof (value as { toJSON?: unknown }).toJSON === 'function') return fromValue((value as { toJSON(): unknown }).toJSON())
      return `{${Object.entries(value)
        .filter(([, member]) => isWritable(member))
        .map(([name, member]) => `${JSON.stringify(name)}:${fromValue(member)}`)
        .join(',')}}`
    default:
      return 'null'
  }
}

/** A number that kept its text (`JSON.rawJSON`, which TypeScript's library does not know yet). */
export function isRawJson(value: unknown): value is { readonly rawJSON: string } {
  return (JSON as { isRawJSON?: (value: unknown) => boolean }).isRawJSON?.(value) === true
}

const isWritable = (value: unknown): boolean => value !== undefined && typeof value !== 'function' && typeof value !== 'symbol'

/**
 * Writes a value over the text it was made from: every part that is still equal keeps its spelling, its number literals and its
 * spacing; only what differs is written anew. Each part is read once, however deep it lies: what callers send must not cost more than its length.
 *
 * @returns the same text when nothing differs
 */
export function rewriteValue(text: string, value: unknown): string {
  return rewriteAt(text, skipSpace(text, 0), value).text ?? text
}

/** What stands in place of a value, `undefined` when it stays, and where it ended. */
interface Rewritten {
  readonly text: string | undefined
  readonly end: number
}

function rewriteAt(text: string, start: number, value: unknown): Rewritten {
  const kind = text.charCodeAt(start)
  if (kind === 123 && isPlainObject(value)) return rewriteObject(text, start, value)
  if (kind === 91 && Array.isArray(value)) return rewriteArray(text, start, value)
  const end = endOfValue(text, start)
  const isScalar = kind !== 123 && kind !== 91 && (typeof value !== 'object' || value === null)
  return { text: isScalar && Object.is(toValue(text.slice(start, end)), value) ? undefined : fromValue(value), end }
}

function rewriteObject(text: string, start: number, value: Members): Rewritten {
  const changed = new Map<string, string | undefined>()
  const { edit, end } = ObjectEdit.parse(text, start, undefined, (name, at) => {
    if (!hasWritable(value, name)) return endOfValue(text, at)
    const member = rewriteAt(text, at, value[name])
    changed.set(name, member.text)
    return member.end
  })
  assign(edit, value, (name) => changed.get(name))
  return { text: edit.print(), end }
}

type Members = Readonly<Record<string, unknown>>

const hasWritable = (value: Members, name: string): boolean => Object.hasOwn(value, name) && isWritable(value[name])

/** Makes an object what a value says, as `rewriteValue` does. */
export function assignValue(edit: ObjectEdit, value: Members): void {
  assign(edit, value, (name) => rewriteValue(edit.text(name) as string, value[name]))
}

function assign(edit: ObjectEdit, value: Members, textOf: (name: string) => string | undefined): void {
  for (const name of new Set(edit.names())) {
    if (!hasWritable(value, name)) edit.remove(name)
    else {
      const text = textOf(name)
      if (text !== undefined && text !== edit.text(name)) edit.set(name, text)
    }
  }
  for (const name of Object.keys(value)) if (isWritable(value[name]) && !edit.has(name)) edit.set(name, fromValue(value[name]))
}

function rewriteArray(text: string, start: number, value: readonly unknown[]): Rewritten {
  let out = ''
  let copied = start
  let count = 0
  let at = skipSpace(text, start + 1)
  if (text.charCodeAt(at) !== 93)
    for (;;) {
      const item = count < value.length ? rewriteAt(text, at, value[count]) : { text: undefined, end: endOfValue(text, at) }
      count++
      if (item.text !== undefined) {
        out += text.slice(copied, at) + item.text
        copied = item.end
      }
      at = skipSpace(text, item.end)
      if (text.charCodeAt(at) === 93) break
      if (text.charCodeAt(at) !== 44) failAt(text, at)
      at = skipSpace(text, at + 1)
    }
  at++
  if (count !== value.length) return { text: fromValue(value), end: at }
  return { text: copied === start ? undefined : out + text.slice(copied, at), end: at }
}

function isPlainObject(value: unknown): value is Members {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && typeof (value as { toJSON?: unknown }).toJSON !== 'function'
  )
}
