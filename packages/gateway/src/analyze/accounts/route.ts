import { createInterner } from './interner.ts'

/** Gives routes numbers; what there is no room for counts as the route `other`. */
export interface RouteTable {
  readonly names: readonly string[]
  add(method: string, path: string): number
}

const mostRoutes = 10_000
const longestMethod = 32
const longestPath = 200

export function createRouteTable(): RouteTable {
  const routes = createInterner(mostRoutes)
  const other = routes.idOf('other') as number
  return {
    names: routes.texts,
    add: (method, path) =>
      method === '' || method.length > longestMethod ? other : (routes.idOf(`${method} ${toTemplate(path)}`) ?? other),
  }
}

/** A path with what looks like an identifier replaced by `:id`: numbers, UUIDs, and long words of letters and digits. */
export function toTemplate(path: string): string {
  const short = path.length > longestPath ? path.slice(0, longestPath) : path
  if (!/\d/.test(short)) return short
  return short
    .split('/')
    .map((segment) => (isIdentifier(segment) ? ':id' : segment))
    .join('/')
}

function isIdentifier(segment: string): boolean {
  if (/^\d+$/.test(segment) || /^[0-9a-f]{8}-[0-9a-f-]{27}$/i.test(segment)) return true
  // Words such as "v2" or "sts-70" are names; ids are long and mixed.
  return segment.length >= 16 && /^[\w-]+$/.test(segment) && (segment.match(/\d/g)?.length ?? 0) >= 4
}
