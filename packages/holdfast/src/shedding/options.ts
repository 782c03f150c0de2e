import { assertOneOf, assertWhole } from '../core/checks.ts'
import { configurationError, createProblem, systemClock } from '../core/index.ts'
import type { Clock, Problem, Random, RequestHead } from '../core/index.ts'
import type { Criticality } from './decide.ts'
import { watchEventLoop } from './loop-delay.ts'
import type { LoopDelay } from './loop-delay.ts'

/** What an API declares about overload. All of it has defaults. */
export interface SheddingRules {
  /** How many calls may be under way before anything is known of the process. @default 50 */
  readonly initialLimit?: number
  /** The limit never falls below this. @default 4 */
  readonly minLimit?: number
  /** The limit never rises above this. @default 1_000 */
  readonly maxLimit?: number
  /** How long a critical call may wait for its turn, milliseconds. @default 100 */
  readonly maxWaitMs?: number
  /**
   * Who a call is from, for fairness: whoever has more than a fair part of a full process is refused first. Asked before anything else is known of
   * the call, so it must be cheap, and its word is trusted for nothing but this.
   *
   * @default the Authorization header
   */
  readonly caller?: (head: RequestHead) => string | undefined
  /** Whose `Holdfast-Criticality` header is believed. @default nobody's */
  readonly trust?: (head: RequestHead) => boolean
}

/** Everything the policy needs. */
export interface SheddingOptions extends SheddingRules {
  /** How much calls matter that do not say so themselves, or are not believed. @default 'critical' */
  readonly criticality?: Criticality
  readonly clock?: Clock
  readonly random?: Random
  readonly problem?: Problem
  /** How late the event loop was since it was last asked, milliseconds. @default measured */
  readonly loopDelay?: LoopDelay
}

/** Options with every default filled in. */
export type Settings = Required<SheddingOptions>

const criticalities: readonly Criticality[] = ['critical+', 'critical', 'sheddable+', 'sheddable']

/** Whether a text names a criticality. */
export function isCriticality(text: unknown): text is Criticality {
  return criticalities.includes(text as Criticality)
}

/** @throws HoldfastError `configuration-invalid` */
export function assertCriticality(text: unknown, where = ''): void {
  assertOneOf(`${where}criticality`, text, criticalities)
}

/** Checks options and fills in what is missing. */
export function toSettings({
  initialLimit = 50,
  minLimit = 4,
  maxLimit = 1_000,
  maxWaitMs = 100,
  caller = (head) => head.headers.get('authorization') ?? undefined,
  trust = () => false,
  criticality = 'critical',
  clock = systemClock,
  random = Math.random,
  problem = createProblem(),
  loopDelay,
}: SheddingOptions): Settings {
  for (const [name, value] of Object.entries({ initialLimit, minLimit, maxLimit })) assertWhole(`shedding.${name}`, value, 1)
  if (minLimit > initialLimit || initialLimit > maxLimit)
    throw configurationError(`shedding: expected minLimit <= initialLimit <= maxLimit, got ${minLimit}, ${initialLimit} and ${maxLimit}`)
  if (!(maxWaitMs >= 0 && maxWaitMs <= 60_000))
    throw configurationError(`shedding.maxWaitMs: expected milliseconds from 0 to 60000, got ${String(maxWaitMs)}`)
  for (const [name, value] of Object.entries({ caller, trust }))
    if (typeof value !== 'function') throw configurationError(`shedding.${name}: expected a function, got ${typeof value}`)
  assertCriticality(criticality)
  const watched = loopDelay ?? watchEventLoop()
  return { initialLimit, minLimit, maxLimit, maxWaitMs, caller, trust, criticality, clock, random, problem, loopDelay: watched }
}
