/** What paths become, in both directions. */
export interface PathPlan {
  up(path: string): string
  down(path: string): string
}

type Renames = readonly (readonly [before: string, after: string])[]

/** Makes the plan of paths from the changes between a version and the newest one, the oldest first. */
export function planPaths(changes: readonly Readonly<Record<string, string>>[]): PathPlan | undefined {
  const renames: Renames[] = changes.map((paths) => Object.entries(paths)).filter((paths) => paths.length > 0)
  if (renames.length === 0) return undefined
  const back = renames.toReversed().map((paths) => paths.map(([before, after]) => [after, before] as const))
  return { up: (path) => renames.reduce(exchange, path), down: (path) => back.reduce(exchange, path) }
}

/** Only whole segments count: `/pay` does not begin `/payments`. */
function exchange(path: string, renames: Renames): string {
  const found = renames.find(([from]) => path === from || (path.startsWith(from) && path.charCodeAt(from.length) === 47))
  return found === undefined ? path : found[1] + path.slice(found[0].length)
}
