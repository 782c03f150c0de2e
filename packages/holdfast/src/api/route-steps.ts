import type { Policy, Problem } from '../core/index.ts'
import type { InFlight } from '../idempotency/index.ts'
import type { Shedding } from '../shedding/index.ts'
import type { Versioning } from '../versioning/index.ts'
import type { ApiDeclaration } from './declaration.ts'
import type { LimitSteps } from './limit-step.ts'

/** What the steps of all routes of one API share. */
export interface RouteSteps {
  readonly declaration: ApiDeclaration
  readonly account: Policy
  readonly problem: Problem
  readonly inFlight: InFlight
  readonly versioning: Versioning | undefined
  readonly limits: LimitSteps | undefined
  readonly shedding: Shedding | undefined
}
