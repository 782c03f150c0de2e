import type { ServerResponse } from 'node:http'
import type { Fields } from '../../core/fields.ts'

/** The header fields a framework has set on a response, read in place. */
export class LiveFields implements Fields {
  readonly #res: ServerResponse

  constructor(res: ServerResponse) {
    this.#res = res
  }

  get(name: string): string | null {
    const value = this.#res.getHeader(name)
    return value === undefined ? null : toText(value)
  }

  has(name: string): boolean {
    return this.#res.hasHeader(name)
  }

  getSetCookie(): string[] {
    const value = this.#res.getHeader('set-cookie')
    if (value === undefined) return []
    return Array.isArray(value) ? [...value] : [String(value)]
  }

  *[Symbol.iterator](): IterableIterator<[string, string]> {
    for (const name of this.#res.getHeaderNames()) {
      if (name === 'set-cookie') for (const cookie of this.getSetCookie()) yield [name, cookie]
      else yield [name, this.get(name) ?? '']
    }
  }
}

function toText(value: number | string | readonly string[]): string {
  return typeof value === 'object' ? value.join(', ') : String(value)
}
