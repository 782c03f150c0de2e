import { targetOf } from 'holdfast'
import type { Params } from './http.ts'

/** The route a call is for. */
export interface Match {
  /** As declared: `GET /wallets/:id`. */
  readonly name: string
  /** @throws URIError for a path with broken percent-encoding */
  params(): Params
}

/** Makes a function that finds the route of a call. */
export function createMatcher(names: readonly string[]): (method: string, url: string) => Match | undefined {
  const routes = names.map((name) => {
    const [method = '', path = ''] = name.split(' ')
    return { name, method, parts: path.split('/') }
  })
  return function match(method, url) {
    const wanted = method === 'HEAD' ? 'GET' : method
    const given = targetOf(url).path.split('/')
    const found = routes.find((route) => route.method === wanted && fits(route.parts, given))
    return found && { name: found.name, params: () => toParams(found.parts, given) }
  }
}

const isName = (part: string): boolean => part.startsWith(':')

function fits(parts: readonly string[], given: readonly string[]): boolean {
  return parts.length === given.length && parts.every((part, at) => (isName(part) ? given[at] !== '' : given[at] === part))
}

function toParams(parts: readonly string[], given: readonly string[]): Params {
  return Object.fromEntries(parts.flatMap((part, at) => (isName(part) ? [[part.slice(1), decodeURIComponent(given[at] ?? '')]] : [])))
}
