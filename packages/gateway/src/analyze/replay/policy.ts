import { configurationError } from 'holdfast'
import { compileLimit } from 'holdfast/rate-limit'
import type { CompiledLimit, LimitNumbers } from 'holdfast/rate-limit'

/** What a limit may count apart in a log. */
export type Dimension = 'account' | 'plan' | 'ip' | 'route' | 'method'

/** A limit as `defineApi` takes it, as far as a log can tell what it would do. */
export interface PolicyLimit extends LimitNumbers {
  /** Whom it counts apart. Empty: everybody together. @default ['account'] */
  readonly partition?: readonly Dimension[]
  /** Numbers that hold for a plan instead. */
  readonly plans?: Readonly<Record<string, Partial<Omit<LimitNumbers, 'name' | 'kind'>>>>
  /** Tokens of one request. @default what the log says, else 1 */
  readonly cost?: number
  /** Limits of one pool share their counter. @default the name */
  readonly pool?: string
  readonly shadow?: boolean
}

/** Limits of all routes, and of some. */
export interface PolicyDeclaration {
  readonly limits?: readonly PolicyLimit[]
  /** By `METHOD /path/:parameter`. `false`: no limit at all. */
  readonly routes?: Readonly<Record<string, { readonly limits: readonly PolicyLimit[] | false }>>
}

/** A limit, ready to be replayed. */
export interface ReplayLimit {
  readonly name: string
  readonly pool: string
  readonly limitFor: (plan: string) => CompiledLimit
  readonly partition: readonly Dimension[]
  readonly cost: number | undefined
  readonly shadow: boolean
}

/** A policy, ready to be replayed. */
export interface ReplayPolicy {
  readonly limits: readonly ReplayLimit[]
  /** The limits, by index, of a route of the log such as `GET /users/17`, and the declared route that it is of. */
  forRoute(name: string): { readonly route: string | undefined; readonly limits: readonly number[] }
}

/**
 * Compiles a policy by the limiter itself, so that it refuses what the limiter refuses.
 *
 * @throws HoldfastError `configuration-invalid`
 */
export function compilePolicy({ limits = [], routes = {} }: PolicyDeclaration): ReplayPolicy {
  const compiled = limits.map(toReplayLimit)
  const general = compiled.map((_, index) => index)
  const declared = Object.entries(routes).map(([route, { limits: own }]) => {
    if (own === false) return { route, pattern: toPattern(route), indexes: [] }
    const indexes = own.map((limit) => compiled.push(toReplayLimit(limit)) - 1)
    return { route, pattern: toPattern(route), indexes: [...general, ...indexes] }
  })
  assertPools([...limits, ...Object.values(routes).flatMap(({ limits: own }) => own || [])])
  // A route that is spelt out goes before one with parameters.
  declared.sort((left, right) => parametersOf(left.route) - parametersOf(right.route))
  return {
    limits: compiled,
    forRoute(name) {
      const found = declared.find(({ pattern }) => pattern.test(name))
      return { route: found?.route, limits: found?.indexes ?? general }
    },
  }
}

function toReplayLimit({ partition = ['account'], plans = {}, cost, pool, shadow = false, ...numbers }: PolicyLimit): ReplayLimit {
  const base = compileLimit(numbers)
  const byPlan = new Map(Object.entries(plans).map(([plan, changes]) => [plan, compileLimit({ ...numbers, ...changes })]))
  return { name: numbers.name, pool: pool ?? numbers.name, limitFor: (plan) => byPlan.get(plan) ?? base, partition, cost, shadow }
}

/** One counter can only be counted in one way. */
function assertPools(limits: readonly PolicyLimit[]): void {
  const numbersOf = new Map<string, string>()
  for (const { name, pool = name, limit, windowSeconds, burst, strict, kind, period, zone, plans } of limits) {
    const numbers = JSON.stringify([limit, windowSeconds, burst, strict, kind, period, zone, plans])
    if ((numbersOf.get(pool) ?? numbers) !== numbers)
      throw configurationError(
        `limit ${JSON.stringify(name)}: pool: expected the same numbers as the other limits of the pool ${JSON.stringify(pool)}`,
      )
    numbersOf.set(pool, numbers)
  }
}

/** Parameters stand for one part of a path. */
function toPattern(route: string): RegExp {
  const parts = route.split('/').map((part) => (/^:\w+$/.test(part) ? '[^/]*' : part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)))
  return new RegExp(`^${parts.join('/')}$`)
}

function parametersOf(route: string): number {
  return route.split('/:').length - 1
}
