import { ObjectEdit } from './object-edit.ts'
import { JsonScanner, JsonSyntaxError } from './scanner.ts'

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
 * spacing; only what differs is written anew.
 *
 * @returns the same text when nothing differs
 */
export function rewriteValue(text: string, value: unknown): string {
  const kind = text.charCodeAt(firstOf(text))
  if (kind === 123 && isPlainObject(value)) return rewriteObject(text, value)
  if (kind === 91 && Array.isArray(value)) return rewriteArray(text, value)
  if (kind !== 123 && kind !== 91 && (typeof value !== 'object' || value === null) && Object.is(toValue(text), value)) return text
  return fromValue(value)
}

function rewriteObject(text: string, value: Readonly<Record<string, unknown>>): string {
  const { edit } = ObjectEdit.parse(text, firstOf(text))
  assignValue(edit, value)
  return edit.print() ?? text
}

/** Makes an object what a value says, as `rewriteValue` does. */
export function assignValue(edit: ObjectEdit, value: Readonly<Record<string, unknown>>): void {
  for (const name of new Set(edit.names())) {
    if (!Object.hasOwn(value, name) || !isWritable(value[name])) edit.remove(name)
    else {
      const before = edit.text(name) as string
      const after = rewriteValue(before, value[name])
      if (after !== before) edit.set(name, after)
    }
  }
  for (const [name, member] of Object.entries(value)) if (isWritable(member) && !edit.has(name)) edit.set(name, fromValue(member))
}

function rewriteArray(text: string, value: readonly unknown[]): string {
  const items = itemSpans(text)
  if (items.length !== value.length) return fromValue(value)
  let out = ''
  let copied = 0
  for (const [index, [start, end]] of items.entries()) {
    const before = text.slice(start, end)
    const after = rewriteValue(before, value[index])
    if (after === before) continue
    out += text.slice(copied, start) + after
    copied = end
  }
  return copied === 0 ? text : out + text.slice(copied)
}

/** Where the items of an array lie in its text. */
export function itemSpans(text: string): [start: number, end: number][] {
  const scanner = new JsonScanner(text)
  const spans: [number, number][] = []
  scanner.expect(91)
  if (scanner.peek() === 93) return spans
  for (;;) {
    scanner.peek()
    const start = scanner.at
    scanner.skipValue()
    spans.push([start, scanner.at])
    if (scanner.peek() === 93) return spans
    scanner.expect(44)
  }
}

function firstOf(text: string): number {
  const scanner = new JsonScanner(text)
  scanner.peek()
  return scanner.at
}

function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && typeof (value as { toJSON?: unknown }).toJSON !== 'function'
  )
}
