import { configurationError } from '../core/index.ts'

/** Finds what was declared for a call. */
export interface Router<T> {
  find(method: string, path: string): T | undefined
}

interface Pattern<T> {
  readonly segments: readonly string[]
  readonly value: T
}

const declaration = /^([A-Z]+) (\/\S*)$/
const parameter = ':'
/** Pattern syntax of one framework or another, and what ends a path. */
const notLiteral = /[*?#{}()[\]]/

/**
 * Compiles `METHOD /path/:parameter` declarations.
 *
 * Matching is deliberately lenient: letter case, a trailing slash and needless percent-encoding do not matter, since Express, Fastify and
 * Hono each forgive some of these, and a spelling that only the framework recognises would reach the handler unprotected.
 *
 * @throws HoldfastError `configuration-invalid` for a declaration of another form, or two that match the same calls
 */
export function compileRoutes<T>(routes: Iterable<readonly [string, T]>): Router<T> {
  const exact = new Map<string, T>()
  const patterns = new Map<string, Pattern<T>[]>()
  const shapes = new Map<string, string>()
  for (const [route, value] of routes) {
    const [, method, path] = declaration.exec(route) ?? []
    if (method === undefined || path === undefined)
      throw configurationError(`routes: expected "METHOD /path", got ${JSON.stringify(route)}`)
    if (notLiteral.test(path))
      throw configurationError(`routes: no call would match ${JSON.stringify(route)}; a segment is a literal or one :parameter`)
    const segments = normalise(path).split('/')
    const shape = `${method} ${segments.map((segment) => (segment.startsWith(parameter) ? parameter : segment)).join('/')}`
    const twin = shapes.get(shape)
    if (twin !== undefined)
      throw configurationError(`routes: ${JSON.stringify(route)} and ${JSON.stringify(twin)} match the same calls; keep one`)
    shapes.set(shape, route)
    if (!segments.some((segment) => segment.startsWith(parameter))) exact.set(shape, value)
    else {
      const group = `${method} ${segments.length}`
      patterns.set(group, [...(patterns.get(group) ?? []), { segments, value }])
    }
  }
  return {
    find(method, path) {
      // A HEAD is answered by the handler of GET (RFC 9110 section 9.3.2).
      const declared = method === 'HEAD' ? 'GET' : method
      const normal = normalise(path)
      const found = exact.get(`${declared} ${normal}`)
      if (found !== undefined || patterns.size === 0) return found
      const segments = normal.split('/')
      const match = findPattern(declared, segments)
      // Fastify takes the nothing after a trailing slash for a parameter.
      return match !== undefined || !path.endsWith('/') ? match : findPattern(declared, [...segments, ''])
    },
  }

  function findPattern(method: string, segments: readonly string[]): T | undefined {
    return patterns.get(`${method} ${segments.length}`)?.find((pattern) => matches(pattern.segments, segments))?.value
  }
}

/** A parameter may be empty, as it may in Fastify. */
function matches(pattern: readonly string[], segments: readonly string[]): boolean {
  return pattern.every((segment, index) => segment.startsWith(parameter) || segment === segments[index])
}

function normalise(path: string): string {
  const plain = (path.includes('%') ? decode(path) : path).toLowerCase()
  let end = plain.length
  while (end > 1 && plain.charCodeAt(end - 1) === 47) end--
  return end === plain.length ? plain : plain.slice(0, end)
}

/** Decodes everything but a slash, which would make two segments of one. */
function decode(path: string): string {
  return path.replace(/(?:%[0-9a-f]{2})+/gi, (encoded) => {
    try {
      return decodeURIComponent(encoded).replaceAll('/', '%2f')
    } catch {
      return encoded
    }
  })
}
