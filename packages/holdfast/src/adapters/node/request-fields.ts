import type { IncomingMessage } from 'node:http'
import type { HeaderReader } from '../../core/fields.ts'

/** The header fields of an `IncomingMessage`, read in place. */
export class RequestFields implements HeaderReader {
  readonly #req: IncomingMessage

  constructor(req: IncomingMessage) {
    this.#req = req
  }

  get(name: string): string | null {
    const { headers } = this.#req
    let value: unknown = headers[name]
    if (typeof value === 'string') return value
    if (value === undefined) {
      const lower = name.toLowerCase()
      // A field that is not there is not looked for twice.
      value = lower === name ? undefined : headers[lower]
      if (typeof value === 'string') return value
    }
    return Array.isArray(value) ? value.join(', ') : null
  }

  has(name: string): boolean {
    return this.get(name) !== null
  }

  *[Symbol.iterator](): IterableIterator<[string, string]> {
    const { rawHeaders } = this.#req
    for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
      const name = rawHeaders[at] ?? ''
      // HTTP/2 carries :method, :path and the like among its fields (RFC 9113 section 8.3).
      if (!name.startsWith(':')) yield [name.toLowerCase(), rawHeaders[at + 1] ?? '']
    }
  }
}
