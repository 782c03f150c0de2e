import type { Versions } from './versions.ts'

/** One path of a route, and the versions that have it. */
export interface RoutePath {
  /** `METHOD /path`. */
  readonly path: string
  /** `undefined`: all of them. */
  readonly versions: ReadonlySet<string> | undefined
}

/**
 * Every path by which a route is known: that of the newest version first, then those of older ones. A framework that finds its route before
 * a policy runs needs a handler on each of them, and it may be the same.
 *
 * @param route as the newest version has it
 * @example
 * for (const { path } of pathsOf(versions, 'POST /transfers')) mount(path, handler)
 */
export function pathsOf(versions: Versions, route: string): readonly RoutePath[] {
  const space = route.indexOf(' ')
  const byPath = new Map<string, Set<string>>([[route, new Set()]])
  for (const { id } of versions.list) {
    const newest = route.slice(space + 1)
    const plan = versions.plan(id)
    const path = plan?.paths?.down(newest) ?? newest
    const key = `${route.slice(0, space)} ${path}`
    byPath.set(key, (byPath.get(key) ?? new Set()).add(id))
  }
  if (byPath.size === 1) return [{ path: route, versions: undefined }]
  return [...byPath].map(([path, having]) => ({ path, versions: having }))
}
