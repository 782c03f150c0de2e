import { configurationError } from '../core/index.ts'
import type { Policy } from '../core/index.ts'
import { assertCriticality, createShedding } from '../shedding/index.ts'
import type { Shedding } from '../shedding/index.ts'
import type { ApiDeclaration, RouteDeclaration } from './declaration.ts'
import type { RouteSteps } from './route-steps.ts'

/** The gate that all routes of an API share, where it declares shedding. */
export function sheddingOf({ shedding, clock, random }: ApiDeclaration, problem: RouteSteps['problem']): Shedding | undefined {
  if (shedding === undefined || shedding === false) return undefined
  return createShedding({ ...(shedding !== true && shedding), problem, ...(clock && { clock }), ...(random && { random }) })
}

/** The step that refuses what the process could only serve too late. */
export function sheddingStep(route: string, { criticality }: RouteDeclaration, { shedding }: RouteSteps): Policy[] {
  if (criticality !== undefined) {
    assertCriticality(criticality, `${route}: `)
    if (shedding === undefined) throw configurationError(`${route}: criticality only matters with shedding; declare shedding: true`)
  }
  return shedding === undefined ? [] : [shedding.policy(criticality, route)]
}
