/** Reads header fields by name, ignoring case. `Headers` is one; so is a `Map` with lower-case names behind two functions. */
export interface HeaderReader {
  get(name: string): string | null
  has(name: string): boolean
}

/** The header fields of a reply (RFC 9110 section 5). `Headers` is one. Iteration yields lower-case names, one pair for each Set-Cookie. */
export interface Fields extends HeaderReader {
  getSetCookie(): string[]
  [Symbol.iterator](): IterableIterator<[string, string]>
}

/** What a caller may give for header fields: `undefined` means absent, an array means several lines. */
export type FieldsInit = Readonly<Record<string, string | readonly string[] | undefined>> | Iterable<readonly [string, string]>

/** A plain map of fields: several values of one name are joined with a comma, except Set-Cookie (RFC 9110 section 5.3). */
class FieldMap implements Fields {
  readonly #values = new Map<string, string>()
  readonly #cookies: string[] = []

  constructor(init: FieldsInit) {
    if (Symbol.iterator in init) for (const [name, value] of init) this.#append(name, value)
    else
      for (const name in init) {
        const value = init[name]
        if (typeof value === 'string') this.#append(name, value)
        else if (value !== undefined) for (const one of value) this.#append(name, one)
      }
  }

  get(name: string): string | null {
    const key = name.toLowerCase()
    if (key === 'set-cookie') return this.#cookies.length > 0 ? this.#cookies.join(', ') : null
    return this.#values.get(key) ?? null
  }

  has(name: string): boolean {
    return this.get(name) !== null
  }

  getSetCookie(): string[] {
    return [...this.#cookies]
  }

  *[Symbol.iterator](): IterableIterator<[string, string]> {
    yield* this.#values
    for (const cookie of this.#cookies) yield ['set-cookie', cookie]
  }

  #append(name: string, value: string): void {
    const key = name.toLowerCase()
    if (key === 'set-cookie') {
      this.#cookies.push(value)
      return
    }
    const before = this.#values.get(key)
    this.#values.set(key, before === undefined ? value : `${before}, ${value}`)
  }
}

/**
 * Makes header fields from a record or from pairs.
 *
 * @example
 * toFields({ 'content-type': 'text/plain', 'set-cookie': ['a=1', 'b=2'] }).get('Content-Type') // 'text/plain'
 */
export function toFields(init: FieldsInit = {}): Fields {
  return new FieldMap(init)
}

/**
 * Fields seen through a few changes. Adapters look at `base` and `changes` to write only what differs from what the
 * framework has already set.
 */
export class ChangedFields implements Fields {
  readonly base: Fields
  readonly changes: ReadonlyMap<string, string | undefined>

  constructor(base: Fields, changes: ReadonlyMap<string, string | undefined>) {
    this.base = base
    this.changes = changes
  }

  get(name: string): string | null {
    const key = name.toLowerCase()
    return this.changes.has(key) ? (this.changes.get(key) ?? null) : this.base.get(key)
  }

  has(name: string): boolean {
    return this.get(name) !== null
  }

  getSetCookie(): string[] {
    const changed = this.changes.get('set-cookie')
    if (this.changes.has('set-cookie')) return changed === undefined ? [] : [changed]
    return this.base.getSetCookie()
  }

  *[Symbol.iterator](): IterableIterator<[string, string]> {
    for (const pair of this.base) if (!this.changes.has(pair[0])) yield pair
    for (const [name, value] of this.changes) if (value !== undefined) yield [name, value]
  }
}

/** Lays changes over fields without touching them; `undefined` removes a field. */
export function changeFields(fields: Fields, changes: Readonly<Record<string, string | undefined>>): Fields {
  const flat = fields instanceof ChangedFields
  const merged = new Map(flat ? fields.changes : undefined)
  for (const name in changes) merged.set(name.toLowerCase(), changes[name])
  return new ChangedFields(flat ? fields.base : fields, merged)
}
