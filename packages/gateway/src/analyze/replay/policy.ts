import { compileLimit } from 'holdfast/rate-limit'
import type { CompiledLimit, LimitNumbers } from 'holdfast/rate-limit'

/** What a limit may count by in a log. */
export type Dimension = 'account' | 'plan' | 'ip' | 'route' | 'method'

/** A limit of a policy, as a file states it. */
export interface PolicyLimit extends LimitNumbers {
  /** Whom it counts apart. Empty: everybody together. @default ['account'] */
  readonly partition?: readonly Dimension[]
  /** Plans it is for. @default all */
  readonly plans?: readonly string[]
  /** Routes it is for, such as `GET /search` or `GET /users/:id`. @default all */
  readonly routes?: readonly string[]
  readonly methods?: readonly string[]
  /** Tokens of one request. @default what the log says, else 1 */
  readonly cost?: number
  /** Limits of the same pool share one counter. @default the limit's name */
  readonly pool?: string
  readonly shadow?: boolean
}

/** A limit, ready to be replayed. */
export interface ReplayLimit {
  readonly name: string
  readonly pool: string
  readonly compiled: CompiledLimit
  readonly partition: readonly Dimension[]
  readonly plans: ReadonlySet<string> | undefined
  readonly routes: readonly RegExp[] | undefined
  readonly methods: ReadonlySet<string> | undefined
  readonly cost: number | undefined
  readonly shadow: boolean
}

/**
 * Compiles the limits of a policy by the limiter itself, so that it refuses what the limiter refuses.
 *
 * @throws HoldfastError `configuration-invalid`
 */
export function compilePolicy(limits: readonly PolicyLimit[]): readonly ReplayLimit[] {
  return limits.map(({ partition = ['account'], plans, routes, methods, cost, pool, shadow = false, ...numbers }) => ({
    name: numbers.name,
    pool: pool ?? numbers.name,
    compiled: compileLimit(numbers),
    partition,
    plans: plans && new Set(plans),
    routes: routes?.map(toPattern),
    methods: methods && new Set(methods.map((method) => method.toUpperCase())),
    cost,
    shadow,
  }))
}

/** Parameters of a route stand for one part of a path. */
function toPattern(route: string): RegExp {
  const parts = route.split('/').map((part) => (/^:\w+$/.test(part) ? '[^/]*' : part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')))
  return new RegExp(`^${parts.join('/')}$`)
}
