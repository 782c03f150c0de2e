import { configurationError, isHoldfastError } from '../core/index.ts'
import type { Policy } from '../core/index.ts'
import { idempotency } from '../idempotency/index.ts'
import type { IdempotencyOptions, IdempotencyRules, IdempotencyStore } from '../idempotency/index.ts'
import type { RouteDeclaration } from './declaration.ts'
import type { RouteSteps } from './route-steps.ts'

/** The step that records the answer of a keyed call, on routes that declare it. */
export function idempotencyStep(route: string, { idempotency: declared }: RouteDeclaration, steps: RouteSteps): Policy[] {
  if (declared === undefined) return []
  const rules: IdempotencyRules = typeof declared === 'string' ? { guarantee: declared } : declared
  const { store } = steps.declaration
  if (store.idempotency === undefined)
    throw configurationError(`${route}: the ${store.name} store keeps no idempotency keys; give one that does, such as sqlite(...)`)
  try {
    return [idempotency({ ...idempotencyOptions(steps, store.idempotency, rules), methods: [route.slice(0, route.indexOf(' '))] })]
  } catch (error) {
    throw isHoldfastError(error) ? configurationError(`${route}: ${error.message}`) : error
  }
}

/** The rules of a route, with what the whole API declares. */
export function idempotencyOptions(
  { declaration, problem, inFlight }: RouteSteps,
  store: IdempotencyStore,
  rules: IdempotencyRules,
): IdempotencyOptions {
  const { secret, namespace, keysPerAccount, storeTimeoutMs, clock, random } = declaration
  return {
    ...rules,
    store,
    problem,
    inFlight,
    ...(secret !== undefined && { secret }),
    ...(namespace !== undefined && { namespace }),
    ...(keysPerAccount !== undefined && { keysPerAccount }),
    ...(storeTimeoutMs !== undefined && { storeTimeoutMs }),
    ...(clock !== undefined && { clock }),
    ...(random !== undefined && { random }),
  }
}
