import { configurationError, isHoldfastError } from '../core/index.ts'
import type { Policy } from '../core/index.ts'
import { preconditionPolicies } from '../concurrency/index.ts'
import type { PreconditionRules } from '../concurrency/index.ts'
import type { RouteDeclaration } from './declaration.ts'
import type { RouteSteps } from './route-steps.ts'

/** The two steps of a route's preconditions: what is refused before a key is claimed, and what goes right round the handler. */
export interface PreconditionSteps {
  readonly check: readonly Policy[]
  readonly guard: readonly Policy[]
}

const nothing: PreconditionSteps = { check: [], guard: [] }

/** The steps that evaluate preconditions, on routes that declare them. */
export function preconditionSteps(route: string, { precondition, idempotency }: RouteDeclaration, steps: RouteSteps): PreconditionSteps {
  if (precondition === undefined) return nothing
  const rules: PreconditionRules = typeof precondition === 'string' ? { rule: precondition } : precondition
  const isRead = route.startsWith('GET ')
  if (isRead && rules.rule === 'required')
    throw configurationError(`${route}: a read cannot require a precondition; declare precondition: 'optional'`)
  const statuses = typeof idempotency === 'object' ? idempotency.statuses : undefined
  // A recorded 412 would answer the same call with the same key for ever, though its next precondition may be true.
  const kept = [412, 428].find((status) => statuses?.[status] === 'record')
  if (kept !== undefined)
    throw configurationError(`${route}: statuses: ${kept} says that nothing was done, so it cannot be recorded; expected 'release'`)
  const { problem, declaration } = steps
  try {
    const { check, guard } = preconditionPolicies({
      ...rules,
      problem,
      ...(declaration.clock !== undefined && { clock: declaration.clock }),
    })
    return { check: [check], guard: isRead ? [] : [guard] }
  } catch (error) {
    throw isHoldfastError(error) ? configurationError(`${route}: precondition: ${error.message}`) : error
  }
}
