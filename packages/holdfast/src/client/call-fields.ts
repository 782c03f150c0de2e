import type { Fields, HeaderReader } from '../core/fields.ts'
import type { HeadersInput } from './types.ts'

/** The header fields of a call: a plain record by lower-case names, which every transport takes cheaper than a `Headers`. */
export class CallFields implements Fields {
  readonly record: Readonly<Record<string, string>>

  constructor(record: Readonly<Record<string, string>>) {
    this.record = record
  }

  get(name: string): string | null {
    return this.record[name] ?? this.record[name.toLowerCase()] ?? null
  }

  has(name: string): boolean {
    return this.get(name) !== null
  }

  getSetCookie(): string[] {
    return []
  }

  [Symbol.iterator](): IterableIterator<[string, string]> {
    return Object.entries(this.record)[Symbol.iterator]()
  }
}

/** The fields `fetch` was given. They are not checked here: `fetch` refuses bad ones in its own words. */
export function toCallFields(input: HeadersInput | HeaderReader | undefined): CallFields {
  // Without a prototype, since a field may have any name.
  const record: Record<string, string> = Object.create(null) as Record<string, string>
  if (input === undefined) return new CallFields(record)
  if (input instanceof CallFields) return input
  const pairs = Symbol.iterator in input ? (input as Iterable<[string, string]>) : Object.entries(input as Record<string, unknown>)
  for (const [given, value] of pairs) {
    const name = given.toLowerCase()
    record[name] = record[name] === undefined ? String(value) : `${record[name]}, ${String(value)}`
  }
  return new CallFields(record)
}

/** Fields with one more, or another value of one. Those given stay as they are. */
export function withField(fields: HeaderReader, name: string, value: string): CallFields {
  return new CallFields({ ...toCallFields(fields).record, [name]: value })
}
