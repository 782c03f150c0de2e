import type { HeaderReader } from '../core/index.ts'

/** Header fields of a request seen through changes; `null` takes one away. */
export class ChangedHeaders implements HeaderReader {
  readonly #base: HeaderReader & Partial<Iterable<[string, string]>>
  readonly #changes: ReadonlyMap<string, string | null>

  constructor(base: HeaderReader, changes: ReadonlyMap<string, string | null>) {
    this.#base = base
    this.#changes = changes
  }

  get(name: string): string | null {
    const changed = this.#changes.get(name.toLowerCase())
    return changed === undefined ? this.#base.get(name) : changed
  }

  has(name: string): boolean {
    return this.get(name) !== null
  }

  *[Symbol.iterator](): IterableIterator<[string, string]> {
    for (const pair of this.#base as Iterable<[string, string]>) if (!this.#changes.has(pair[0])) yield pair
    for (const [name, value] of this.#changes) if (value !== null) yield [name, value]
  }
}

/** A list field with more members, those it has already left out (RFC 9110 section 12.5.5 for Vary). */
export function appendTo(list: string | null, ...members: readonly string[]): string {
  if (list === null || list === '') return members.join(', ')
  const known = new Set(list.split(',').map((member) => member.trim().toLowerCase()))
  if (known.has('*')) return list
  return [list, ...members.filter((member) => !known.has(member.toLowerCase()))].join(', ')
}

/** The media type without parameters, lower case (RFC 9110 section 8.3.1). */
export function essenceOf(contentType: string | null): string {
  if (contentType === null) return ''
  const end = contentType.indexOf(';')
  return (end < 0 ? contentType : contentType.slice(0, end)).trim().toLowerCase()
}
