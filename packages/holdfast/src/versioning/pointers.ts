import type { ChainStep } from './chain.ts'
import type { QueryChange } from './change.ts'
import { formatPath, parsePath } from './schema/path.ts'
import { shapeNameOf } from './schema/schema.ts'
import type { Schema } from './schema/schema.ts'

/** Where something of the newest version is in an older one, for refusals that point at what is wrong with a request. */
export interface PointerMap {
  pointer(after: string): string
  parameter(after: string): string
}

/** Makes the map of a route's request from the changes between a version and the newest one, the oldest first. */
export function createPointerMap(
  request: Schema | undefined,
  stepsOf: (shape: string) => readonly ChainStep[],
  queries: readonly QueryChange[],
): PointerMap {
  const shape = request && shapeNameOf(request)
  const operations = shape === undefined ? [] : stepsOf(shape).flatMap(({ operation }) => operation ?? [])
  const pairs = operations
    .toReversed()
    .flatMap(({ pointers, isOpaque = false }) => pointers.map(([before, after]) => ({ before, after, isOpaque })))
  const renames = queries.toReversed().flatMap(({ rename = {} }) => Object.entries(rename))
  return {
    pointer(after) {
      if (!after.startsWith('/') || pairs.length === 0) return after
      let path: readonly string[] = parsePath(after, 'pointer')
      for (const pair of pairs) {
        const isBelow = pair.after.every((name, index) => path[index] === name)
        if (isBelow) path = pair.isOpaque ? pair.before : [...pair.before, ...path.slice(pair.after.length)]
        // A pointer to a container that the older version has as its part.
        else if (path.length === pair.after.length - 1 && path.every((name, index) => pair.after[index] === name)) path = pair.before
      }
      return formatPath(path)
    },
    parameter(after) {
      return renames.reduce((name, [from, to]) => (name === to ? from : name), after)
    },
  }
}
