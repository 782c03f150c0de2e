import { targetOf } from 'holdfast'
import type { Params } from './http.ts'

/** The route a call is for. */
export interface Match {
  /** As declared: `GET /wallets/:id`. */
  readonly name: string
  readonly params: Params
}

/**
 * Makes a function that finds the route of a call.
 *
 * @throws URIError from that function, for a path with broken percent-encoding
 */
export function createMatcher(names: readonly string[]): (method: string, url: string) => Match | undefined {
  const routes = names.map((name) => {
    const [method = '', path = ''] = name.split(' ')
    return { name, method, parts: path.split('/') }
  })
  return function match(method, url) {
    const wanted = method === 'HEAD' ? 'GET' : method
    const given = targetOf(url).path.split('/')
    const found = routes.find(
      ({ method, parts }) =>
        method === wanted &&
        parts.length === given.length &&
        parts.every((part, at) => part === given[at] || (part.startsWith(':') && given[at] !== '')),
    )
    if (found === undefined) return undefined
    const params = found.parts.flatMap((part, at) => (part.startsWith(':') ? [[part.slice(1), decodeURIComponent(given[at] ?? '')]] : []))
    return { name: found.name, params: Object.fromEntries(params) as Params }
  }
}
