import { assertKnown, assertPositive } from '../core/checks.ts'
import { configurationError } from '../core/index.ts'
import type { Clock, Random } from '../core/index.ts'
import { preconditionRuleNames } from '../concurrency/index.ts'
import type { PreconditionRules } from '../concurrency/index.ts'
import type { Guarantee, IdempotencyRules, IdempotencyStore } from '../idempotency/index.ts'
import type { List } from '../pagination/index.ts'
import type { Versions, VersionStore } from '../versioning/index.ts'
import type { LimitDeclaration, LimitStore, PlanResolver, RateLimitSettings } from '../rate-limit/index.ts'
import type { Criticality, SheddingRules } from '../shedding/index.ts'
import type { AccountResolver } from './account.ts'

/** The ports a store offers, one for each pattern it can keep records for. `sqlite(...)`, `postgres(...)`, `redis(...)` and `memory()` are such. */
export interface Store {
  readonly name: string
  readonly idempotency?: IdempotencyStore
  readonly limits?: LimitStore
  readonly versions?: VersionStore
}

/** What one route promises. `{}` gives it the account step alone. */
export interface RouteDeclaration {
  /** A guarantee, or a guarantee with further rules. */
  readonly idempotency?: Guarantee | IdempotencyRules
  /** Whether a write must say which state it is about, or `'optional'` where it may. On a GET route: answers 304 and completes tags. */
  readonly precondition?: PreconditionRules['rule'] | PreconditionRules
  /** The list a GET route gives pages of, made by `defineList`. */
  readonly page?: List
  /** Limits of this route, beside those of the API. `false`: none at all, for a route that must always answer. */
  readonly limits?: readonly LimitDeclaration[] | false
  /** How much calls of this route matter under overload; needs `shedding`. @default 'critical' */
  readonly criticality?: Criticality
}

/** How limits work, where the defaults do not do. */
export type LimitingOptions = Pick<
  RateLimitSettings,
  'address' | 'fields' | 'partitionKeySecret' | 'timeoutMs' | 'onStoreFailure' | 'nodes'
>

/** What an API promises: declared once, enforced by middleware, gateway and client alike. */
export interface ApiDeclaration {
  readonly store: Store
  /** Required unless `singleTenant`: the scope of keys. */
  readonly account?: AccountResolver
  /** Says that all callers are one account. @default false */
  readonly singleTenant?: boolean
  /** By `METHOD /path/:parameter`. Routes that are not declared pass, and are only counted by the API's limits. */
  readonly routes: Readonly<Record<string, RouteDeclaration>>
  /** The versions that callers may use: `defineVersions(...)`. Its routes are those declared here. */
  readonly versions?: Versions
  /**
   * Limits of all routes, and of calls that match none: what scans for paths is counted as well. Limits of accounts apply to those calls
   * where the account is known.
   */
  readonly limits?: readonly LimitDeclaration[]
  /** Which plan an account has, for limits with `plans`, and those divided by plan. */
  readonly plan?: PlanResolver
  /** Where limits are kept, when not in `store`: another one such as `redis(...)`, of which only the limits are used. */
  readonly limitsStore?: Store
  readonly limiting?: LimitingOptions
  /** Refuses what the process could only serve too late: `true`, or rules. @default false */
  readonly shedding?: boolean | SheddingRules
  /** Seals records in stores that outlive the process; at least 16 characters, the same in all processes. */
  readonly secret?: string | Uint8Array | undefined
  /** Secrets that cursors are sealed under, newest first; keep a retired one for as long as lists let cursors live. @default [secret] */
  readonly cursorSecrets?: readonly (string | Uint8Array)[]
  /** Separates APIs that share a store. @default 'api' */
  readonly namespace?: string
  /** The most live idempotency keys an account may have. @default unlimited */
  readonly keysPerAccount?: number
  /** How long one operation of the store may take, milliseconds. @default 2_000 */
  readonly storeTimeoutMs?: number
  /** How often expired records are collected, milliseconds. @default 60_000 */
  readonly collectEveryMs?: number
  /** Where the `type` of problem replies points. By default the API serves these pages itself. @default '/.well-known/holdfast/errors/' */
  readonly problemBase?: string
  readonly clock?: Clock
  readonly random?: Random
}

const declarationOptions = [
  'store',
  'account',
  'singleTenant',
  'routes',
  'versions',
  'limits',
  'plan',
  'limitsStore',
  'limiting',
  'shedding',
  'secret',
  'cursorSecrets',
  'namespace',
  'keysPerAccount',
  'storeTimeoutMs',
  'collectEveryMs',
  'problemBase',
  'clock',
  'random',
]
const routeOptions = ['idempotency', 'precondition', 'page', 'limits', 'criticality']
const sheddingOptions = ['initialLimit', 'minLimit', 'maxLimit', 'maxWaitMs', 'caller', 'trust']
const limitingOptions = ['address', 'fields', 'partitionKeySecret', 'timeoutMs', 'onStoreFailure', 'nodes']
const idempotencyOptions = [
  'guarantee',
  'key',
  'whileRunning',
  'joinTimeoutMs',
  'leaseMs',
  'retentionMs',
  'keyScope',
  'fingerprint',
  'maxBodyBytes',
  'maxAnswerBytes',
  'statuses',
  'reconcile',
  'effectsAfterBegin',
  'failOpen',
]

/**
 * Refuses a declaration that is mistyped or unsafe. A misspelt option would silently drop a promise.
 *
 * @throws HoldfastError `configuration-invalid`
 */
export function assertDeclaration(declaration: ApiDeclaration): void {
  assertKnown('defineApi', declaration, declarationOptions)
  if (typeof declaration.store?.name !== 'string')
    throw configurationError(
      `store: expected a store such as sqlite(...), postgres(...), redis(...) or memory(), got ${typeof declaration.store}`,
    )
  if (declaration.account === undefined && declaration.singleTenant !== true) {
    throw configurationError(
      'account: expected a function from a request to its account, got undefined; without it one caller would receive the answers of another (set singleTenant: true if there is only one)',
    )
  }
  if (declaration.account !== undefined && declaration.singleTenant === true)
    throw configurationError('account and singleTenant: expected one of them, got both')
  if (declaration.account !== undefined && typeof declaration.account !== 'function')
    throw configurationError(`account: expected a function from a request to its account, got ${typeof declaration.account}`)
  const { collectEveryMs, limits, plan, limiting, shedding } = declaration
  if (limits !== undefined && !Array.isArray(limits)) throw configurationError(`limits: expected an array of limits, got ${typeof limits}`)
  if (plan !== undefined && typeof plan !== 'function')
    throw configurationError(`plan: expected a function from an account to its plan, got ${typeof plan}`)
  if (shedding !== undefined && typeof shedding !== 'boolean' && typeof shedding !== 'object')
    throw configurationError(`shedding: expected true, false or rules, got ${typeof shedding}`)
  if (typeof shedding === 'object') assertKnown('shedding', shedding, sheddingOptions)
  if (limiting !== undefined) assertKnown('limiting', limiting, limitingOptions)
  if (collectEveryMs !== undefined) assertPositive('collectEveryMs', collectEveryMs)
  if (typeof declaration.routes !== 'object')
    throw configurationError(`routes: expected an object by "METHOD /path", got ${typeof declaration.routes}`)
  for (const [route, rules] of Object.entries(declaration.routes)) {
    if (typeof rules !== 'object')
      throw configurationError(`${route}: expected an object such as { idempotency: "exactly-once" }, got ${typeof rules}`)
    assertKnown(route, rules, routeOptions)
    if (rules.limits !== undefined && rules.limits !== false && !Array.isArray(rules.limits))
      throw configurationError(`${route}: limits: expected an array of limits, or false, got ${typeof rules.limits}`)
    if (typeof rules.idempotency === 'object') assertKnown(`${route}: idempotency`, rules.idempotency, idempotencyOptions)
    if (typeof rules.precondition === 'object') assertKnown(`${route}: precondition`, rules.precondition, preconditionRuleNames)
  }
}
