import { createSecretKey } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { createProblem, systemClock } from '../core/index.ts'
import type { Clock, Problem, Random } from '../core/index.ts'
import { callerAddress } from './caller-address.ts'
import type { Dialect } from './dialects.ts'
import { assertDialects } from './fields.ts'
import { guardedLimits } from './guard.ts'
import { createInFlightCalls } from './in-flight.ts'
import type { InFlightCalls } from './in-flight.ts'
import type { PlanResolver, RateLimitOptions, RateLimitSettings } from './options.ts'
import { createRuleBook } from './rules.ts'
import type { RuleBook } from './rules.ts'
import type { LimitStore } from './store.ts'
import type { SubjectSources } from './subject.ts'

/** What all limits of one API share: the guarded store, the counts of calls under way, how callers are told. */
export interface Limiter {
  readonly book: RuleBook
  readonly store: LimitStore
  readonly inFlight: InFlightCalls
  readonly sources: SubjectSources
  readonly plan: PlanResolver | undefined
  readonly fields: readonly Dialect[]
  readonly partitionKey: KeyObject | undefined
  readonly problem: Problem
  readonly clock: Clock
  readonly random: Random
}

/**
 * Makes what the limits of one API share.
 *
 * @throws HoldfastError `configuration-invalid`
 */
export function createLimiter(settings: RateLimitSettings & Pick<RateLimitOptions, 'account'>): Limiter {
  const { store, plan, address, fields = ['draft-10'], partitionKeySecret, namespace = 'api' } = settings
  const { problem = createProblem(), clock = systemClock, random = Math.random, account } = settings
  assertDialects(fields)
  return {
    book: createRuleBook(namespace),
    store: guardedLimits(store, { ...settings, clock, random }),
    inFlight: createInFlightCalls(),
    sources: { namespace, address: callerAddress(address), account },
    plan,
    fields,
    partitionKey: partitionKeySecret === undefined ? undefined : createSecretKey(Buffer.from(partitionKeySecret)),
    problem,
    clock,
    random,
  }
}
