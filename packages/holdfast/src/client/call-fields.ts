import type { Fields, HeaderReader } from '../core/fields.ts'
import type { HeadersInput } from './types.ts'

/** The header fields of a call: lower-case names and their values in turn, which is copied and searched cheaper than any map of a few. */
export class CallFields implements Fields {
  readonly lines: readonly string[]

  constructor(lines: readonly string[]) {
    this.lines = lines
  }

  get(name: string): string | null {
    const { lines } = this
    const wanted = toLower(name)
    for (let index = 0; index < lines.length; index += 2) if (lines[index] === wanted) return lines[index + 1] as string
    return null
  }

  has(name: string): boolean {
    return this.get(name) !== null
  }

  getSetCookie(): string[] {
    return []
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

const upper = /[A-Z]/

/** Nearly all names are lower-case, and the platform makes a new string of those too. */
export function toLower(name: string): string {
  return upper.test(name) ? name.toLowerCase() : name
}

function add(lines: string[], given: string, value: unknown): void {
  const name = toLower(given)
  for (let index = 0; index < lines.length; index += 2)
    if (lines[index] === name) {
      lines[index + 1] += `, ${String(value)}`
      return
    }
  lines.push(name, String(value))
}

/** Fields with one more, or another value of one. Those given stay as they are. */
export function withField(fields: HeaderReader, name: string, value: string): CallFields {
  const given = toCallFields(fields)
  if (!given.has(name)) return new CallFields([...given.lines, name, value])
  const lines = [...given.lines]
  setLine(lines, name, value)
  return new CallFields(lines)
}

/** Sets a field among lines that are one's own. */
export function setLine(lines: string[], name: string, value: string): void {
  for (let index = 0; index < lines.length; index += 2)
    if (lines[index] === name) {
      lines[index + 1] = value
      return
    }
  lines.push(name, value)
}

/** Lines as a `fetch` takes them cheapest. */
export function toInit(lines: readonly string[]): HeadersInput {
  // The one name that a record cannot hold.
  if (lines.includes('__proto__')) return [...new CallFields(lines)]
  const record: Record<string, string> = {}
  for (let index = 0; index < lines.length; index += 2) record[lines[index] as string] = lines[index + 1] as string
  return record
}
