import { assertKnown, assertPositive } from '../core/checks.ts'
import { configurationError } from '../core/index.ts'
import { buildChain } from './chain.ts'
import type { Chain, Stage } from './chain.ts'
import type { Change } from './change.ts'
import { compileVersion, planStage } from './compile.ts'
import type { VersionPlan } from './compile.ts'
import type { ExplicitSettings, VersionPlace } from './explicit.ts'
import type { PlanNode } from './json/rewrite.ts'
import { readModel } from './model.ts'
import type { RouteShapes } from './model.ts'
import { readVersions } from './schedule.ts'
import type { Version, VersionDeclaration } from './schedule.ts'
import type { SchemaSource } from './schema/schema.ts'

/** How an API is versioned. */
export interface VersionsDeclaration {
  /** Every version, the oldest first. The last one is what handlers see. */
  readonly versions: readonly VersionDeclaration[]
  /** What differs between each version and the one before it. Within a version in the order of the list. */
  readonly changes: readonly Change[]
  /** What each route takes and gives in the newest version. Routes that are not named are not translated, but for their refusals. */
  readonly routes: Readonly<Record<string, RouteShapes>>
  /** Schemas of further shapes, such as those that only webhooks send. */
  readonly shapes?: readonly SchemaSource[]
  /** Where callers may name a version. Two different versions in one call are refused. @default ['header'] */
  readonly places?: readonly VersionPlace[]
  /** @default 'API-Version' */
  readonly header?: string
  /** @default 'api-version' */
  readonly queryParameter?: string
  /** For callers who name no version and have no pin: a version, or the oldest that still answers. @default 'oldest' */
  readonly fallback?: string
  /** Whether the first call of an account that names no version pins it to the latest current one; needs a store that keeps pins. @default true */
  readonly pins?: boolean
  /** Whether a retired version is answered as the next one that is not, instead of 410. @default false */
  readonly fallForward?: boolean
  /** Whether a date between two versions means the earlier one, instead of 400. @default false */
  readonly nearestEarlier?: boolean
  /** How long a pin can be taken back after an upgrade, milliseconds. @default 259_200_000 (72 hours) */
  readonly rollbackWindowMs?: number
  /** The longest body that is translated, bytes. A longer request is refused, a longer answer is `version-transform-failed`. @default 8_388_608 */
  readonly maxBodyBytes?: number
}

/** Versions that were checked and compiled. */
export interface Versions extends ExplicitSettings {
  readonly list: readonly Version[]
  /** What handlers see. */
  readonly newest: string
  readonly chain: Chain
  /** As it is sent. */
  readonly headerName: string
  readonly fallback: string
  readonly pins: boolean
  readonly fallForward: boolean
  readonly nearestEarlier: boolean
  readonly rollbackWindowMs: number
  readonly maxBodyBytes: number
  /** What happens under a version; `undefined` for one that is not declared. */
  plan(version: string): VersionPlan | undefined
  /** What one change does to one shape, brought to its version or to the one before. */
  planStage(stage: Stage, direction: 'up' | 'down'): PlanNode | undefined
}

const known =
  'versions changes routes shapes places header queryParameter fallback pins fallForward nearestEarlier rollbackWindowMs maxBodyBytes'.split(
    ' ',
  )
const allPlaces: readonly string[] = ['header', 'path', 'accept', 'query'] satisfies VersionPlace[]

/**
 * Declares the versions of an API, and compiles what leads from each to the newest one and back: nothing is worked out per call.
 *
 * @throws HoldfastError `configuration-invalid` for anything mistyped, a Sunset before its Deprecation, a change that changes nothing
 * @example
 * export const versions = defineVersions({
 *   versions: [{ id: '2025-01-15' }, { id: '2026-06-01' }],
 *   changes: [displayName],
 *   routes: { 'GET /wallets/:id': { responses: { 200: wallet } } },
 * })
 */
export function defineVersions(declared: VersionsDeclaration): Versions {
  assertKnown('defineVersions', declared, known)
  const {
    header = 'API-Version',
    places = ['header'],
    fallback = 'oldest',
    rollbackWindowMs = 259_200_000,
    maxBodyBytes = 8_388_608,
  } = declared
  const list = readVersions(declared.versions)
  const ids = list.map(({ id }) => id)
  const wrong = places.find((place) => !allPlaces.includes(place))
  if (places.length === 0 || wrong !== undefined)
    throw configurationError(`places: expected some of ${allPlaces.join(', ')}, got ${JSON.stringify(wrong ?? places)}`)
  if (!/^[A-Za-z0-9-]+$/.test(header)) throw configurationError(`header: expected the name of a field, got ${JSON.stringify(header)}`)
  if (fallback !== 'oldest' && !ids.includes(fallback))
    throw configurationError(`fallback: expected "oldest" or one of ${ids.join(', ')}, got ${JSON.stringify(fallback)}`)
  assertPositive('rollbackWindowMs', rollbackWindowMs)
  assertPositive('maxBodyBytes', maxBodyBytes)
  const newest = ids.at(-1) as string
  const chain = buildChain(ids, declared.changes, readModel(newest, declared.routes, declared.shapes ?? []))
  const plans = new Map(ids.map((id) => [id, compileVersion(chain, id)]))
  return {
    list,
    newest,
    chain,
    places,
    header: header.toLowerCase(),
    headerName: header,
    queryParameter: declared.queryParameter ?? 'api-version',
    fallback,
    pins: declared.pins ?? true,
    fallForward: declared.fallForward ?? false,
    nearestEarlier: declared.nearestEarlier ?? false,
    rollbackWindowMs,
    maxBodyBytes,
    plan: (version) => plans.get(version),
    planStage: (stage, direction) => planStage(chain, stage, direction),
  }
}
