import { channel } from 'node:diagnostics_channel'
import { accountFact, isHoldfastError, namedVersionFact, publish, routeFact, systemClock, versionFact, withHeaders } from '../core/index.ts'
import { createProblem } from '../core/index.ts'
import type { Call, Clock, Next, Policy, Problem, Reply } from '../core/index.ts'
import type { RoutePlan, VersionPlan } from './compile.ts'
import { versionContextFact } from './context.ts'
import type { VersionContext } from './context.ts'
import { decideVersion, oldestSupported } from './decide.ts'
import type { Asked, VersionStanding } from './decide.ts'
import { downgradeReply } from './downgrade.ts'
import { findExplicit, versionPrefix } from './explicit.ts'
import { appendTo } from './fields.ts'
import { StepError } from './json/rewrite.ts'
import { createPins } from './pins.ts'
import type { Pins } from './pins.ts'
import { refuseVersion } from './refusals.ts'
import { lifeFields } from './schedule.ts'
import { createStandings } from './standings.ts'
import type { Standings } from './standings.ts'
import type { VersionStore } from './store.ts'
import { upgradeRequest } from './upgrade.ts'
import { createUsage } from './usage.ts'
import type { Usage } from './usage.ts'
import type { Versions } from './versions.ts'

/** The channel on which adapters tell of errors that no reply shows. */
const errors = channel('holdfast:error')

/** What the steps of versioning need. */
export interface VersioningOptions {
  readonly versions: Versions
  /** Keeps pins, usage and retirements. Without one there are no pins, and nothing is counted. */
  readonly store?: VersionStore | undefined
  readonly problem?: Problem
  /** How long one operation of the store may take, milliseconds. @default 2_000 */
  readonly storeTimeoutMs?: number
  readonly clock?: Clock
}

/**
 * The steps of versioning, to be put into a stack in this order: `reply` outermost, `resolve` after the account is known, `request` inside
 * whatever records answers.
 */
export interface Versioning {
  /** Brings every answer to the caller's version, refusals included, and tells which version that is. */
  readonly reply: Policy
  /** Finds the version of a call, or refuses it. */
  readonly resolve: Policy
  /** Brings the request to the newest version, and marks the answer with the version it was made under, for a record of it. */
  readonly request: Policy
  readonly standings: Standings
  readonly pins: Pins | undefined
  readonly usage: Usage | undefined
}

/**
 * Makes the steps that let old callers keep working while handlers see only the newest shapes.
 *
 * @example
 * const { reply, resolve, request } = versioning({ versions, store: store.versions })
 * const policy = stack(reply, account, resolve, idempotency(options), request)
 */
export function versioning({
  versions,
  store,
  problem = createProblem(),
  storeTimeoutMs = 2_000,
  clock = systemClock,
}: VersioningOptions): Versioning {
  const standings = createStandings(versions.list, store, clock, storeTimeoutMs)
  const pins = store !== undefined && versions.pins ? createPins(store, clock, storeTimeoutMs) : undefined
  const usage = store && createUsage(store, clock)
  const vary = [
    ...(versions.places.includes('header') ? [versions.headerName] : []),
    ...(versions.places.includes('accept') ? ['Accept'] : []),
  ]

  function resolve(call: Call, next: Next): Promise<Reply> | Reply {
    const now = standings.now()
    return now instanceof Promise ? now.then((list) => decide(call, next, list)) : decide(call, next, now)
  }

  function decide(call: Call, next: Next, list: readonly VersionStanding[]): Promise<Reply> | Reply {
    const asked = findExplicit(versions, call)
    const account = call.facts.get(accountFact)
    if (asked.length > 0 || pins === undefined || account === undefined) return settle(call, next, list, asked, undefined)
    const pinned = pins.of(account, list)
    if (typeof pinned === 'string') return settle(call, next, list, asked, pinned)
    return pinned.then(
      (version) => settle(call, next, list, asked, version),
      (error: unknown) => {
        if (isHoldfastError(error) && error.code === 'store-unavailable') return problem('store-unavailable', { retryAfterMs: 1_000 })
        throw error
      },
    )
  }

  function settle(
    call: Call,
    next: Next,
    list: readonly VersionStanding[],
    asked: readonly Asked[],
    pinned: string | undefined,
  ): Promise<Reply> | Reply {
    const { fallForward, nearestEarlier } = versions
    const account = call.facts.get(accountFact)
    const isExempt = (id: string): boolean => account !== undefined && standings.version(id)?.exempt.includes(account) === true
    const fallback = versions.fallback === 'oldest' ? (oldestSupported(list)?.id ?? versions.newest) : versions.fallback
    const verdict = decideVersion({ standings: list, asked, pinned, fallback, fallForward, nearestEarlier, isExempt })
    if (verdict.kind !== 'version') {
      publish('versioning', verdict.kind, call.facts.get(routeFact))
      return refuseVersion(problem, verdict, list, clock.now())
    }
    const plan = versions.plan(verdict.version) as VersionPlan
    call.facts.set(versionFact, verdict.version)
    // The version as the caller wrote it: an answer is recorded for what was sent.
    if (asked[0] !== undefined) call.facts.set(namedVersionFact, asked[0].value)
    call.facts.set(versionContextFact, { versions, plan, source: verdict.source, fired: new Set() })
    return next(call)
  }

  async function request(call: Call, next: Next): Promise<Reply> {
    const context = call.facts.get(versionContextFact)
    if (context === undefined) return next(call)
    const upgraded = await upgradeRequest(call, context, routeOf(call, context.plan), problem)
    if ('status' in upgraded) return upgraded
    return withHeaders(await next(upgraded), { [versions.header]: context.plan.version })
  }

  async function reply(call: Call, next: Next): Promise<Reply> {
    const answer = await next(call)
    const context = call.facts.get(versionContextFact) ?? guess(call)
    // A replay was made under the version it was recorded with, whatever the caller's pin is by now.
    const made = answer.headers.get(versions.header)
    const plan = made === null || made === context.plan.version ? context.plan : versions.plan(made)
    if (plan === undefined)
      return finish(call, context.plan, context, problem('not-replayable', { members: { state: 'done', version: made } }))
    return finish(call, plan, context, await translate(call, plan, context, answer))
  }

  async function translate(call: Call, plan: VersionPlan, context: VersionContext, answer: Reply): Promise<Reply> {
    if (plan.missing.size === 0 && !versions.places.includes('path')) return answer
    const trace = { fired: (change: number) => void context.fired.add(change) }
    const prefix = versions.places.includes('path') ? versionPrefix(call.url) : ''
    const downgrade = { plan, route: routeOf(call, plan), trace, maxBodyBytes: versions.maxBodyBytes, call, prefix }
    try {
      return await downgradeReply(answer, downgrade)
    } catch (error) {
      if (isHoldfastError(error)) throw error
      publish('versioning', 'transform-failed', call.facts.get(routeFact))
      reportTransformFailure(error)
      const change = error instanceof StepError ? versions.chain.changes[error.change]?.id : undefined
      // The refusal itself must not fail for the same reason.
      return downgradeReply(problem('version-transform-failed', change === undefined ? {} : { members: { change } }), downgrade).catch(() =>
        problem('version-transform-failed'),
      )
    }
  }

  function finish(call: Call, plan: VersionPlan, context: VersionContext, answer: Reply): Reply {
    const version = standings.version(plan.version)
    const life = version === undefined ? {} : lifeFields(version)
    // Who names no version is answered by who it is, also where that is nobody.
    const by = pins !== undefined && context.source !== 'explicit' ? [...vary, 'Authorization'] : vary
    const account = call.facts.get(accountFact)
    if (account !== undefined && call.facts.get(versionContextFact) !== undefined) {
      const fired = [...context.fired].map((change) => versions.chain.changes[change]?.id ?? '')
      usage?.count({ account, version: plan.version, source: context.source, route: call.facts.get(routeFact) ?? call.method, fired })
    }
    return withHeaders(answer, {
      [versions.header]: plan.version,
      ...(by.length > 0 && { vary: appendTo(answer.headers.get('vary'), ...by) }),
      ...(life.deprecation !== undefined && { deprecation: life.deprecation }),
      ...(life.sunset !== undefined && { sunset: life.sunset }),
      ...(life.link !== undefined && { link: joinLinks(answer.headers.get('link'), life.link) }),
    })
  }

  /** For refusals that come before the version is known, such as one of an unknown account: what the caller names, or the fallback. */
  function guess(call: Call): VersionContext {
    const asked = findExplicit(versions, call)
    const [first] = asked
    const named = first !== undefined && asked.every(({ value }) => value === first.value) ? versions.plan(first.value) : undefined
    const fallback = versions.fallback === 'oldest' ? versions.newest : versions.fallback
    const plan = named ?? (versions.plan(first === undefined ? fallback : versions.newest) as VersionPlan)
    return { versions, plan, source: 'default', fired: new Set() }
  }

  return { reply, resolve, request, standings, pins, usage }
}

function routeOf(call: Call, plan: VersionPlan): RoutePlan {
  return plan.routes.get(call.facts.get(routeFact) ?? '') ?? plan.anyRoute
}

function joinLinks(before: string | null, links: string): string {
  return before === null ? links : `${before}, ${links}`
}

/** A change that throws is a bug, which its owner must hear of; callers learn only which change it is. */
function reportTransformFailure(error: unknown): void {
  const cause = error instanceof StepError ? error.cause : error
  if (errors.hasSubscribers) errors.publish({ error: cause })
  else console.error(cause)
}
