import { createProblem, problemBase as defaultProblemBase, configurationError, routeFact, stack, systemClock } from '../core/index.ts'
import type { Call, Next, Policy, Reply } from '../core/index.ts'
import { deadline, shedExpired } from '../deadline/index.ts'
import { createInFlight, lookupPath, outcomeLookup, resolveKey, toSettings } from '../idempotency/index.ts'
import type { Finding, Guarantee, Resolved } from '../idempotency/index.ts'
import { accountStep } from './account.ts'
import { apiVersions } from './api-versions.ts'
import type { ApiVersions } from './api-versions.ts'
import { collectRegularly } from './collect.ts'
import { assertDeclaration } from './declaration.ts'
import type { ApiDeclaration } from './declaration.ts'
import { errorPage } from './error-pages.ts'
import { idempotencyOptions, idempotencyStep } from './idempotency-step.ts'
import { preconditionSteps } from './precondition-step.ts'
import { pageStep } from './page-step.ts'
import { limitSteps } from './limit-step.ts'
import type { RouteSteps } from './route-steps.ts'
import { compileRoutes } from './router.ts'
import { sheddingOf, sheddingStep } from './shedding-step.ts'
import { knownRoutes, pathOf, pathStep, versioningOf } from './versioning-step.ts'
import type { KnownRoute } from './versioning-step.ts'

/** A checked declaration, ready to be mounted by an adapter. */
export interface Api {
  /** All promises as one policy, for `holdfast(api)` of an adapter. */
  readonly policy: Policy
  /** Where versions are declared: what its owner asks of them. */
  readonly versions: ApiVersions | undefined
  /** Refuses new keyed calls with `shutting-down` and resolves when those under way have ended. For SIGTERM. */
  drain(): Promise<void>
  /** What the store's settings would break. Ask at start, and refuse to start on an error. */
  doctor(): Promise<readonly Finding[]>
  /** Settles a key whose outcome is unknown, by hand. `false`: it is not unknown. */
  resolve(key: { readonly account: string; readonly key: string; readonly endpoint?: string }, resolved: Resolved): Promise<boolean>
}

/**
 * Declares what each route of an API promises, and checks all of it at once: an unknown option, or a guarantee that the store cannot
 * give, is refused here and not at a request.
 *
 * @throws HoldfastError `configuration-invalid`, saying what was expected and what came
 * @example
 * import { holdfast } from 'holdfast/express'
 * const api = defineApi({
 *   store: sqlite('ledger.db'),
 *   account: (head) => accountOfKey(head.headers.get('authorization')),
 *   secret: process.env['HOLDFAST_SECRET'],
 *   routes: { 'POST /transfers': { idempotency: 'exactly-once' } },
 * })
 * app.use(holdfast(api))
 */
export function defineApi(declaration: ApiDeclaration): Api {
  assertDeclaration(declaration)
  const { store, clock = systemClock, problemBase = defaultProblemBase, collectEveryMs = 60_000 } = declaration
  const problem = createProblem(problemBase)
  const inFlight = createInFlight()
  const account = accountStep(declaration.account ?? (() => 'single'), problem)
  const versioning = versioningOf(declaration, problem)
  const limits = limitSteps(declaration, problem)
  const steps: RouteSteps = { declaration, account, problem, inFlight, limits, versioning, shedding: sheddingOf(declaration, problem) }
  const router = compileRoutes(
    knownRoutes(declaration).map((known) => [known.path, { route: known.route, policy: compileRoute(known, steps) }] as const),
  )
  const keys =
    store.idempotency &&
    toSettings(idempotencyOptions(steps, store.idempotency, { guarantee: store.idempotency.guarantees[0] as Guarantee }))
  const lookup = keys && stack(account, outcomeLookup(keys))
  const collected = [store.idempotency, limits?.store].filter((kept) => kept !== undefined)
  const stopCollecting = collected.map((kept) => collectRegularly(kept, clock, collectEveryMs))
  const others = (call: Call, next: Next): Promise<Reply> | Reply =>
    limits?.forOthers === undefined ? next(call) : limits.forOthers(call, next)

  function policy(call: Call, next: Next): Promise<Reply> | Reply {
    const path = pathOf(call, declaration)
    const found = router.find(call.method, path)
    if (found === undefined)
      return path.startsWith('/.well-known/') ? others(call, (inner) => ownPage(inner, path, next)) : others(call, next)
    call.facts.set(routeFact, found.route)
    return found.policy(call, next)
  }

  function ownPage(call: Call, path: string, next: Next): Promise<Reply> | Reply {
    if (call.method !== 'GET' && call.method !== 'HEAD') return next(call)
    if (path.startsWith(problemBase)) return errorPage(problemBase, call) ?? next(call)
    return lookup !== undefined && path.startsWith(lookupPath) ? lookup(call, next) : next(call)
  }

  return {
    policy,
    versions: versioning && declaration.versions && apiVersions(declaration.versions, versioning, store.versions, problem, clock),
    async drain() {
      for (const stop of stopCollecting) stop()
      await inFlight.drain()
      await versioning?.usage?.stop()
    },
    doctor: async () => (await store.idempotency?.doctor()) ?? [],
    resolve(key, resolved) {
      if (keys === undefined) throw configurationError(`store: ${store.name} keeps no idempotency keys`)
      return resolveKey(keys, key, resolved)
    },
  }
}

/**
 * Builds the stack of one route. The order is fixed, because it is subtle: a refusal by one step must not consume what a later one
 * would have recorded, and a finished call is replayed before any precondition is looked at.
 *
 * Deadline and load shedding, account, API version, rate limits, cheap checks, idempotency, upgrade of the request, handler; and on the way
 * back the record, downgrade of the reply, ETag, Link, RateLimit and Vary. A pattern that a route does not declare leaves its place empty.
 */
function compileRoute(known: KnownRoute, steps: RouteSteps): Policy {
  const { route, rules } = known
  const { versioning, account, problem, declaration } = steps
  const precondition = preconditionSteps(route, rules, steps)
  const time = { problem, ...(declaration.clock && { clock: declaration.clock }) }
  return stack(
    ...(versioning ? [versioning.reply] : []),
    deadline(time),
    ...sheddingStep(route, rules, steps),
    account,
    ...(versioning ? [versioning.resolve, ...pathStep(known, steps)] : []),
    ...(steps.limits?.forRoute(route, rules) ?? []),
    ...precondition.check,
    shedExpired(time),
    ...idempotencyStep(route, rules, steps),
    ...(versioning ? [versioning.request] : []),
    ...precondition.guard,
    ...pageStep(route, rules, steps),
  )
}
