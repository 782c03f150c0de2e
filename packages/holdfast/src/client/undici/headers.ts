import { toLower } from '../lower.ts'
import type { AnswerFields } from './dispatcher.ts'

/** The header fields of an answer, as undici has parsed them: looks like a `Headers`, and copies nothing. */
export class AnswerHeaders {
  readonly #fields: AnswerFields

  constructor(fields: AnswerFields) {
    this.#fields = fields
  }

  get(name: string): string | null {
    const value = this.#fields[toLower(name)]
    return value === undefined ? null : typeof value === 'string' ? value : value.join(', ')
  }

  has(name: string): boolean {
    return this.get(name) !== null
  }

  getSetCookie(): string[] {
    const value = this.#fields['set-cookie']
    return value === undefined ? [] : typeof value === 'string' ? [value] : [...value]
  }

  *entries(): IterableIterator<[string, string]> {
    for (const name of Object.keys(this.#fields).toSorted()) {
      if (name === 'set-cookie') for (const cookie of this.getSetCookie()) yield [name, cookie]
      else yield [name, this.get(name) ?? '']
    }
  }

  *keys(): IterableIterator<string> {
    for (const [name] of this.entries()) yield name
  }

  *values(): IterableIterator<string> {
    for (const [, value] of this.entries()) yield value
  }

  [Symbol.iterator](): IterableIterator<[string, string]> {
    return this.entries()
  }

  forEach(callback: (value: string, name: string, headers: AnswerHeaders) => void, self?: unknown): void {
    for (const [name, value] of this.entries()) callback.call(self, value, name, this)
  }

  append(): never {
    throw new TypeError('the headers of an answer are immutable')
  }

  set(): never {
    throw new TypeError('the headers of an answer are immutable')
  }

  delete(): never {
    throw new TypeError('the headers of an answer are immutable')
  }
}

// `instanceof Headers` holds; every method is replaced above, so the platform's never meets an object it did not make.
Object.setPrototypeOf(AnswerHeaders.prototype, Headers.prototype)
