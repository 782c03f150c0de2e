import type { Call } from '../../core/call.ts'
import { monotonic, waitingClock } from '../../core/clock.ts'
import type { Clock, Random } from '../../core/clock.ts'
import type { Next } from '../../core/policy.ts'
import { attempt } from '../../retry/attempt.ts'
import { classifyFailure } from '../../retry/classify-failure.ts'
import { classifyReply } from '../../retry/classify-reply.ts'
import { complete } from '../../retry/complete.ts'
import { notify } from '../../retry/notify.ts'
import type { Outcome, OutcomeClass } from '../../retry/outcome.ts'
import { perOrigin } from '../../retry/per-origin.ts'
import { begin, healthy, settle } from './decide.ts'
import type { Health, HealthRules } from './decide.ts'

/** When an endpoint counts as broken. */
export interface HealthOptions {
  /** Failures in a row after which nothing is sent to it for a while. @default 5 */
  readonly failures?: number
  /** How long the first time, milliseconds; so much longer each further time. @default 30_000 */
  readonly ejectMs?: number
  /** The longest, milliseconds. @default 300_000 */
  readonly longestEjectMs?: number
  readonly clock?: Clock
  readonly random?: Random
  /** Told when an endpoint is ejected. */
  readonly onEject?: (event: { readonly endpoint: string; readonly ejectMs: number }) => void
}

/** The health of each endpoint, known to the whole process. */
export const sharedHealth: (origin: string) => Health = perOrigin('health', healthy)

export type HealthSettings = HealthRules & { readonly clock: Clock; readonly random: Random } & Pick<HealthOptions, 'onEject'>

export function toHealthSettings(options: HealthOptions): HealthSettings {
  return complete({ failures: 5, ejectMs: 30_000, longestEjectMs: 300_000, clock: waitingClock, random: Math.random }, options)
}

/** What became of an attempt, and what it says about the endpoint. */
export interface Watched {
  readonly outcome: Outcome
  readonly kind: OutcomeClass | undefined
}

/** Sends a call to an endpoint, and learns of its health. @param mayEject whether others can do without it */
export async function watched(
  settings: HealthSettings,
  endpoint: string,
  call: Call,
  next: Next,
  mayEject: (now: number) => boolean = () => true,
): Promise<Watched> {
  const { clock, random, onEject } = settings
  const health = sharedHealth(endpoint)
  const before = health.until
  begin(health)
  const outcome = await attempt(call, next)
  const now = monotonic(clock)
  const kind = verdictOf(call, outcome)
  settle(health, kind, now, settings, random, mayEject(now))
  if (health.until > before) notify(onEject, { endpoint, ejectMs: health.until - now })
  return { outcome, kind }
}

/** What an outcome says about the endpoint. An aborted call says nothing. */
function verdictOf(call: Call, outcome: Outcome): OutcomeClass | undefined {
  if ('reply' in outcome) return classifyReply(outcome.reply.status, { isRefusal: outcome.reply.headers.get('holdfast-refused') === '?1' })
  return call.signal?.aborted ? undefined : classifyFailure(outcome.error)
}
