import type { HeaderReader } from '../../core/fields.ts'

type Value = string | number | readonly string[] | undefined

/** The fields that a handler gives `writeHead`, with others laid over them. The handler's own object stays as it is. */
export class GivenHead implements HeaderReader {
  readonly fields: Record<string, Value>

  constructor(given: Readonly<Record<string, Value>>) {
    this.fields = { ...given }
  }

  get(name: string): string | null {
    const given = this.#find(name)
    const value = given === undefined ? undefined : this.fields[given]
    if (value === undefined) return null
    return typeof value === 'object' ? value.join(', ') : String(value)
  }

  has(name: string): boolean {
    return this.#find(name) !== undefined
  }

  setHeader(name: string, value: string): void {
    this.removeHeader(name)
    this.fields[name] = value
  }

  /** Node writes every spelling of a name. */
  removeHeader(name: string): void {
    for (let before = this.#find(name); before !== undefined; before = this.#find(name)) delete this.fields[before]
  }

  /** As the handler spells it. */
  #find(name: string): string | undefined {
    const { length } = name
    for (const given in this.fields)
      if (given.length === length && (given === name || given.toLowerCase() === name.toLowerCase())) return given
    return undefined
  }
}
