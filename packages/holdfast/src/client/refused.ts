import { HoldfastError } from '../core/index.ts'
import { objectIn } from './object-in.ts'

/** An answer that ends a higher call: a status nothing can be done about here. `code` is `call-refused`. */
export class RefusedError extends HoldfastError {
  declare readonly status: number
  /** The answer's problem (RFC 9457), or an empty object. */
  declare readonly problem: Readonly<Record<string, unknown>>

  constructor(what: string, status: number, problem: Readonly<Record<string, unknown>>) {
    const detail = problem['detail'] ?? problem['title']
    super('call-refused', `${what} was answered with ${status}${typeof detail === 'string' ? `: ${detail.slice(0, 200)}` : ''}`)
    Object.assign(this, { name: 'RefusedError', status, problem })
  }
}

/** An answer as the error that ends a higher call. Queries are left out: they may hold what is nobody's business. */
export function refusal(method: string, url: string, { status, text }: { readonly status: number; readonly text: string }): RefusedError {
  return new RefusedError(`${method} ${url.replace(/[?#].*/, '')}`, status, objectIn(text))
}
