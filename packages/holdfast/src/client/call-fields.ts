import type { HeaderReader } from '../core/fields.ts'
import { toLower } from './lower.ts'
import type { HeadersInput } from './types.ts'

/** The header fields of a call: lower-case names and their values in turn, which is copied and searched cheaper than any map of a few. */
export class CallFields implements HeaderReader {
  readonly lines: readonly string[]

  constructor(lines: readonly string[]) {
    this.lines = lines
  }

  get(name: string): string | null {
    return this.lines[placeOf(this.lines, toLower(name))] ?? null
  }

  has(name: string): boolean {
    return this.get(name) !== null
  }

  *[Symbol.iterator](): IterableIterator<[string, string]> {
    for (let index = 0; index < this.lines.length; index += 2) yield [this.lines[index] as string, this.lines[index + 1] as string]
  }
}

const none = new CallFields([])

/** The fields `fetch` was given. They are not checked here: `fetch` refuses bad ones in its own words. */
export function toCallFields(input: HeadersInput | HeaderReader | undefined): CallFields {
  if (input === undefined) return none
  if (input instanceof CallFields) return input
  const lines: string[] = []
  if (Symbol.iterator in input) for (const [name, value] of input as Iterable<[string, string]>) add(lines, name, value)
  else for (const name of Object.keys(input)) add(lines, name, (input as unknown as Record<string, unknown>)[name])
  return new CallFields(lines)
}

/** Where the value of a field is, or would be. */
function placeOf(lines: readonly string[], name: string): number {
  let index = 0
  while (index < lines.length && lines[index] !== name) index += 2
  return index + 1
}

function add(lines: string[], given: string, value: unknown): void {
  const name = toLower(given)
  const place = placeOf(lines, name)
  if (place < lines.length) lines[place] += `, ${String(value)}`
  else lines.push(name, String(value))
}

/** Fields with one more, or another value of one. Those given stay as they are. */
export function withField(fields: HeaderReader, name: string, value: string): CallFields {
  const lines = [...toCallFields(fields).lines]
  setLine(lines, name, value)
  return new CallFields(lines)
}

/** Sets a field among lines that are one's own. */
export function setLine(lines: string[], name: string, value: string): void {
  const place = placeOf(lines, name)
  if (place < lines.length) lines[place] = value
  else lines.push(name, value)
}

/** Lines as a `fetch` takes them cheapest. */
export function toInit(lines: readonly string[]): HeadersInput {
  // The one name that a record cannot hold.
  if (lines.includes('__proto__')) return [...new CallFields(lines)]
  const record: Record<string, string> = {}
  for (let index = 0; index < lines.length; index += 2) record[lines[index] as string] = lines[index + 1] as string
  return record
}
