import { accountFact, configurationError, isHoldfastError, stack } from '../core/index.ts'
import type { Call, Next, Policy, Problem, Reply } from '../core/index.ts'
import { createLimiter, limitPolicy } from '../rate-limit/index.ts'
import type { LimitDeclaration, LimitStore, Rule } from '../rate-limit/index.ts'
import { clampedClock } from '../stores/memory/clock.ts'
import { memoryLimits } from '../stores/memory/limits.ts'
import type { AccountResolver } from './account.ts'
import type { ApiDeclaration, RouteDeclaration } from './declaration.ts'

/** Counters that a process keeps for when it has to decide alone; they take no room before that is possible. */
const localKeys = 100_000

/** The limits of an API. */
export interface LimitSteps {
  readonly store: LimitStore
  /** The step of one route. */
  forRoute(route: string, rules: RouteDeclaration): Policy[]
  /** The step of calls that match no route. */
  readonly forOthers: Policy | undefined
}

/**
 * Compiles the limits of an API; `undefined` when it declares none.
 *
 * @throws HoldfastError `configuration-invalid`
 */
export function limitSteps(declaration: ApiDeclaration, problem: Problem): LimitSteps | undefined {
  const { limits = [], routes, store, limitsStore = store, limiting, plan, namespace, clock, random } = declaration
  if (
    limits.length === 0 &&
    !Object.values(routes).some((route) => route.limits !== undefined && route.limits !== false && route.limits.length > 0)
  )
    return undefined
  if (limitsStore.limits === undefined)
    throw configurationError(`limits: the ${limitsStore.name} store keeps none; give a limitsStore that does, such as memory()`)
  const limiter = createLimiter({
    local: memoryLimits(localKeys, clock ?? clampedClock()).store,
    ...limiting,
    store: limitsStore.limits,
    problem,
    ...(plan !== undefined && { plan }),
    ...(namespace !== undefined && { namespace }),
    ...(clock !== undefined && { clock }),
    ...(random !== undefined && { random }),
  })
  const shared = limiter.book.compile(limits)

  function own(route: string, declared: readonly LimitDeclaration[]): readonly Rule[] {
    try {
      return limiter.book.compile(declared)
    } catch (error) {
      throw isHoldfastError(error) ? configurationError(`${route}: ${error.message}`) : error
    }
  }

  const needsAccount = shared.some((rule) => rule.needsAccount)
  return {
    store: limitsStore.limits,
    forRoute(route, rules) {
      const all = rules.limits === false ? [] : [...shared, ...own(route, rules.limits ?? [])]
      return all.length === 0 ? [] : [limitPolicy(limiter, all)]
    },
    forOthers:
      shared.length === 0
        ? undefined
        : stack(...(needsAccount ? [accountIfKnown(declaration.account ?? (() => 'single'))] : []), limitPolicy(limiter, shared)),
  }
}

/** Finds the account of a call that needs none. Who has none, or cannot be told, is counted by limits of other kinds. */
function accountIfKnown(resolve: AccountResolver): Policy {
  function found(call: Call, next: Next, account: string | undefined): Promise<Reply> | Reply {
    if (typeof account === 'string' && account !== '') call.facts.set(accountFact, account)
    return next(call)
  }
  return function accountIfKnown(call, next) {
    let account: ReturnType<AccountResolver>
    try {
      account = resolve(call)
    } catch {
      return next(call)
    }
    if (typeof account !== 'object' || account === null) return found(call, next, account)
    return account.then(
      (later) => found(call, next, later),
      () => next(call),
    )
  }
}
