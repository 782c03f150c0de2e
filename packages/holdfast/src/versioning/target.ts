import { configurationError } from '../core/index.ts'

/** A named shape, wherever it appears: in requests, answers, lists, expansions, webhooks. `T` is what it is in the newer version. */
export interface Resource<T> {
  readonly kind: 'resource'
  readonly names: readonly string[]
  /** Carries the type only. */
  readonly type?: T
}

/** The calls of one or more routes: their whole bodies, queries, fields, statuses and paths. */
export interface Routes {
  readonly kind: 'routes'
  /** As declared: `GET /transfers`. */
  readonly names: readonly string[]
}

/** The refusals of every route, Holdfast's own included. */
export interface Refusals {
  readonly kind: 'refusals'
}

/** What a change is about. */
export type Target = Resource<unknown> | Routes | Refusals

/**
 * Shapes by the names that their schemas have (`.meta({ id })` in zod, the key in `$defs` elsewhere). Name the shapes of requests too,
 * where they have the same members; an operation leaves a shape alone that has not what it is about.
 *
 * @example
 * resource<Transfer>('transfer', 'new-transfer')
 */
export function resource<T = Readonly<Record<string, unknown>>>(...names: readonly [string, ...string[]]): Resource<T> {
  assertNames('resource', names)
  return { kind: 'resource', names }
}

/**
 * Routes by method and path, as the newest version has them.
 *
 * @example
 * routes('GET /transfers', 'GET /wallets')
 */
export function routes(...names: readonly [string, ...string[]]): Routes {
  assertNames('routes', names)
  for (const name of names)
    if (!/^[A-Z]+ \//.test(name)) throw configurationError(`routes: expected "METHOD /path", got ${JSON.stringify(name)}`)
  return { kind: 'routes', names }
}

/** Every refusal of every route. */
export const refusals: Refusals = { kind: 'refusals' }

function assertNames(where: string, names: readonly string[]): void {
  const wrong = names.find((name) => typeof name !== 'string' || name === '')
  if (names.length === 0 || wrong !== undefined) throw configurationError(`${where}: expected names, got ${JSON.stringify(names)}`)
}
