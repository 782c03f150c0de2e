import type { Trace } from './json/rewrite.ts'
import type { Placed } from './query.ts'

/** What paths become, in both directions. */
export interface PathPlan {
  up(path: string, trace?: Trace): string
  down(path: string, trace?: Trace): string
}

type Renames = Placed<readonly (readonly [from: string, to: string])[]>

/** Makes the plan of paths from the changes between a version and the newest one, the oldest first. */
export function planPaths(changes: readonly Placed<Readonly<Record<string, string>>>[]): PathPlan | undefined {
  const renames: Renames[] = changes
    .map(({ change, what }) => ({ change, what: Object.entries(what) }))
    .filter(({ what }) => what.length > 0)
  if (renames.length === 0) return undefined
  const back: Renames[] = renames
    .toReversed()
    .map(({ change, what }) => ({ change, what: what.map(([before, after]) => [after, before] as const) }))
  return { up: (path, trace) => apply(path, renames, trace), down: (path, trace) => apply(path, back, trace) }
}

/** Only whole segments count: `/pay` does not begin `/payments`. */
function apply(path: string, renames: readonly Renames[], trace: Trace | undefined): string {
  let renamed = path
  for (const { change, what } of renames) {
    const found = what.find(([from]) => renamed === from || (renamed.startsWith(from) && renamed.charCodeAt(from.length) === 47))
    if (found === undefined) continue
    renamed = found[1] + renamed.slice(found[0].length)
    trace?.fired(change)
  }
  return renamed
}
