import { assertKnown, assertOneOf } from '../core/checks.ts'
import { configurationError } from '../core/index.ts'
import type { VersionStanding, VersionState } from './decide.ts'
import type { Retirement } from './store.ts'

/** A version as it is declared. */
export interface VersionDeclaration {
  /** An ISO date, perhaps with a name after a dot: `2026-06-01`, `2026-06-01.orchid`. The order is that of the list. */
  readonly id: string
  /** @default 'current' */
  readonly state?: VersionState
  /** When it was, or will be, deprecated: an ISO date or time. Needed when `state` is `deprecated`. */
  readonly deprecatedAt?: string
  /** When it may stop answering (RFC 8594); not before `deprecatedAt`. */
  readonly sunsetAt?: string
  /** Spans of time in which calls are refused with 503, so that who still calls notices: ISO times. */
  readonly brownouts?: readonly { readonly from: string; readonly until: string }[]
  /** Accounts that brownouts spare. */
  readonly exempt?: readonly string[]
  /** Where its deprecation is explained: the target of the link relations `deprecation` and `sunset`. */
  readonly link?: string
}

/** A version with its times read, milliseconds since the epoch. */
export interface Version {
  readonly id: string
  readonly state: VersionState
  readonly deprecatedAt: number | undefined
  readonly sunsetAt: number | undefined
  readonly retireAt: number | undefined
  readonly brownouts: readonly { readonly from: number; readonly until: number }[]
  readonly exempt: readonly string[]
  readonly link: string | undefined
}

const states: readonly string[] = ['preview', 'current', 'deprecated', 'retired'] satisfies VersionState[]

/**
 * Reads the declared versions.
 *
 * @throws HoldfastError `configuration-invalid`, also for a Sunset before its Deprecation (RFC 9745 section 4)
 */
export function readVersions(declared: readonly VersionDeclaration[]): readonly Version[] {
  if (!Array.isArray(declared) || declared.length === 0) throw configurationError('versions: expected at least one, the oldest first')
  const versions = declared.map(readVersion)
  const twice = versions.find(({ id }, index) => versions.findIndex((other) => other.id === id) !== index)
  if (twice !== undefined) throw configurationError(`versions: ${JSON.stringify(twice.id)} is declared twice`)
  if (versions.every(({ state }) => state === 'retired'))
    throw configurationError('versions: all are retired; expected at least one that answers')
  return versions
}

function readVersion(declared: VersionDeclaration): Version {
  const { id, state = 'current', exempt = [], link } = declared
  const where = `version ${JSON.stringify(id)}`
  if (typeof id !== 'string' || !/^\d{4}-\d{2}-\d{2}(\.[a-z0-9-]+)?$/.test(id))
    throw configurationError(`${where}: expected an ISO date, perhaps with a name: "2026-06-01" or "2026-06-01.orchid"`)
  const known = ['id', 'state', 'deprecatedAt', 'sunsetAt', 'brownouts', 'exempt', 'link']
  assertKnown(where, declared, known)
  assertOneOf(`${where}: state`, state, states)
  const deprecatedAt = readTime(`${where}: deprecatedAt`, declared.deprecatedAt)
  const sunsetAt = readTime(`${where}: sunsetAt`, declared.sunsetAt)
  if (state === 'deprecated' && deprecatedAt === undefined)
    throw configurationError(`${where}: deprecatedAt: expected the time since when, got undefined`)
  if (sunsetAt !== undefined && (deprecatedAt === undefined || sunsetAt < deprecatedAt))
    throw configurationError(
      `${where}: sunsetAt: expected a time not before deprecatedAt (${declared.deprecatedAt}), got ${declared.sunsetAt}`,
    )
  const brownouts = (declared.brownouts ?? []).map(({ from, until }) => {
    const span = { from: readTime(`${where}: brownouts`, from) as number, until: readTime(`${where}: brownouts`, until) as number }
    if (!(span.from < span.until)) throw configurationError(`${where}: brownouts: expected from before until, got ${from} and ${until}`)
    return span
  })
  return { id, state, deprecatedAt, sunsetAt, retireAt: undefined, brownouts, exempt, link }
}

function readTime(where: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const time = typeof text === 'string' && /^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(text) : Number.NaN
  if (Number.isNaN(time)) throw configurationError(`${where}: expected an ISO date or time, got ${JSON.stringify(text)}`)
  return time
}

/** A version with what was decided about its end laid over what is declared. */
export function withRetirement(version: Version, retirement: Retirement | undefined): Version {
  if (retirement === undefined) return version
  const { deprecatedAt, retireAt, brownouts, exempt } = retirement
  return {
    ...version,
    deprecatedAt: Math.min(deprecatedAt, version.deprecatedAt ?? deprecatedAt),
    sunsetAt: retireAt,
    retireAt,
    brownouts: [...version.brownouts, ...brownouts],
    exempt: [...version.exempt, ...exempt],
  }
}

/** Where a version stands at a moment. */
export function standingOf({ id, state, deprecatedAt, retireAt, brownouts }: Version, now: number): VersionStanding {
  const isRetired = state === 'retired' || (retireAt !== undefined && now >= retireAt)
  const isDeprecated = deprecatedAt !== undefined && now >= deprecatedAt && state !== 'preview'
  return {
    id,
    state: isRetired ? 'retired' : isDeprecated ? 'deprecated' : state === 'deprecated' ? 'current' : state,
    brownoutUntil: brownouts.find(({ from, until }) => now >= from && now < until)?.until,
  }
}

/** What callers of a version are told of its end: Deprecation (RFC 9745), Sunset (RFC 8594) and links (RFC 8288). */
export function lifeFields({ deprecatedAt, sunsetAt, link }: Version): { deprecation?: string; sunset?: string; link?: string } {
  if (deprecatedAt === undefined) return {}
  const target = link === undefined ? undefined : `<${link}>`
  const links = [
    ...(target ? [`${target}; rel="deprecation"`] : []),
    ...(target && sunsetAt !== undefined ? [`${target}; rel="sunset"`] : []),
  ]
  return {
    deprecation: `@${Math.floor(deprecatedAt / 1000)}`,
    ...(sunsetAt !== undefined && { sunset: new Date(sunsetAt).toUTCString() }),
    ...(links.length > 0 && { link: links.join(', ') }),
  }
}
