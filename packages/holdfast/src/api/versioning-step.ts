import { configurationError, targetOf } from '../core/index.ts'
import type { Call, Policy, Problem } from '../core/index.ts'
import { versionContextFact } from '../versioning/context.ts'
import { pathsOf } from '../versioning/aliases.ts'
import { versioning } from '../versioning/index.ts'
import type { Versioning } from '../versioning/index.ts'
import { withoutVersion } from '../versioning/explicit.ts'
import type { ApiDeclaration, RouteDeclaration } from './declaration.ts'
import type { RouteSteps } from './route-steps.ts'

/** Makes the steps that all routes share, where versions are declared. */
export function versioningOf({ versions, store, routes, storeTimeoutMs, clock }: ApiDeclaration, problem: Problem): Versioning | undefined {
  if (versions === undefined) return undefined
  const described = versions.chain.snapshots.get(versions.newest)?.routes.keys() ?? []
  const stranger = [...described].find((route) => !Object.hasOwn(routes, route))
  if (stranger !== undefined)
    throw configurationError(
      `versions: routes: ${JSON.stringify(stranger)} is not among the routes of the API; declare it, with {} if it promises nothing else`,
    )
  return versioning({
    versions,
    store: store.versions,
    problem,
    ...(storeTimeoutMs !== undefined && { storeTimeoutMs }),
    ...(clock !== undefined && { clock }),
  })
}

/** A route as callers know it: the path of the newest version, and those of older ones, each with the versions that have it. */
export interface KnownRoute {
  readonly route: string
  readonly rules: RouteDeclaration
  /** `METHOD /path` as a caller writes it. */
  readonly path: string
  /** `undefined`: every version has this path. */
  readonly versions: ReadonlySet<string> | undefined
}

/** Every path by which a route is known in any version. */
export function knownRoutes({ routes, versions }: ApiDeclaration): readonly KnownRoute[] {
  return Object.entries(routes).flatMap(([route, rules]) =>
    versions === undefined
      ? [{ route, rules, path: route, versions: undefined }]
      : pathsOf(versions, route).map(({ path, versions: having }) => ({ route, rules, path, versions: having })),
  )
}

/** Where a call goes when its version is named in the path: the rest of it. */
export function pathOf(call: Call, { versions }: ApiDeclaration): string {
  const url = versions?.places.includes('path') ? withoutVersion(call.url) : call.url
  return targetOf(url).path
}

/** Refuses a path that the caller's version has not, though another version has. */
export function pathStep({ versions }: KnownRoute, { problem }: RouteSteps): Policy[] {
  if (versions === undefined) return []
  return [
    function path(call, next) {
      const version = call.facts.get(versionContextFact)?.plan.version
      if (version === undefined || versions.has(version)) return next(call)
      return problem('route-not-in-version', { detail: `the API version ${version} has no ${call.method} ${targetOf(call.url).path}` })
    },
  ]
}
