import { ChangedFields } from '../core/fields.ts'
import type { Fields, HeaderReader } from '../core/fields.ts'
import type { HeadersInput } from './types.ts'

const none: Readonly<Record<string, string>> = {}

/** The fields of a request as `fetch` is given them: seen, not copied. */
export class RequestFields implements Fields {
  readonly input: HeadersInput

  constructor(input: HeadersInput | undefined) {
    this.input = input ?? none
  }

  get(name: string): string | null {
    const { input } = this
    if (input instanceof Headers) return input.get(name)
    if (Symbol.iterator in input) return new Headers(input).get(name)
    const wanted = name.toLowerCase()
    const record = input as Record<string, unknown>
    for (const key in record) if (key.length === wanted.length && key.toLowerCase() === wanted) return String(record[key])
    return null
  }

  has(name: string): boolean {
    return this.get(name) !== null
  }

  getSetCookie(): string[] {
    return []
  }

  [Symbol.iterator](): IterableIterator<[string, string]> {
    return new Headers(this.input)[Symbol.iterator]() as IterableIterator<[string, string]>
  }
}

/** Fields as `fetch` takes them, with some of our own added. Builds no `Headers` for what was given as a plain object. */
export function toHeadersInput(fields: HeaderReader, own: Readonly<Record<string, string>>): HeadersInput {
  const base = fields instanceof ChangedFields ? fields.base : fields
  const changes = fields instanceof ChangedFields ? fields.changes : undefined
  if (base instanceof RequestFields) {
    const { input } = base
    const isRecord = !(input instanceof Headers) && !(Symbol.iterator in input)
    if (isRecord && isAdditive(base, changes)) {
      const merged = { ...(input as Record<string, string>), ...own }
      if (changes !== undefined) for (const [name, value] of changes) if (value !== undefined) merged[name] = value
      return merged
    }
  }
  const headers = new Headers(Symbol.iterator in fields ? ([...(fields as Iterable<[string, string]>)] as [string, string][]) : [])
  for (const name in own) headers.set(name, own[name] as string)
  return headers
}

/** Whether changes only add: a record with `Accept` and a change of `accept` would be two fields. */
function isAdditive(base: RequestFields, changes: ReadonlyMap<string, string | undefined> | undefined): boolean {
  if (changes !== undefined) for (const [name, value] of changes) if (value === undefined || base.has(name)) return false
  return true
}
