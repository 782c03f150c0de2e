import type { EnvelopePoint, RecommendedLimit } from './result.ts'
import type { Envelopes } from './shape/envelope.ts'
import type { Rate } from './shape/rates.ts'

/** What limits of one plan are derived from. */
export interface PlanSample {
  /** Accounts that behave. */
  readonly accounts: readonly number[]
  readonly envelopes: Envelopes
}

export interface RecommendOptions {
  readonly target: number
  /** Tokens a second. */
  readonly capacity: number
  readonly share: number
  /** Adds the second limit even where the burst is small, because another plan has one. */
  readonly withPeak?: boolean
}

/** Limits of one plan, and what they came from. */
export interface Recommendation {
  readonly limits: readonly RecommendedLimit[]
  /** Index of each limit's rate. */
  readonly rates: readonly number[]
  readonly envelope: readonly EnvelopePoint[]
}

/** Tomorrow's busiest account is busier than today's. */
export const margin = 1.2
/** A burst that is more than this part of the capacity must not arrive within one second. */
const shortLimitAbove = 0.25
/** A second limit that lets nearly as much through is not worth explaining. */
const shortLimitBelow = 0.75

/**
 * Chooses a rate and a burst, and a second limit over one second when the burst alone would be a large part of the capacity.
 *
 * Of all rates the one is chosen with which accounts that come at the same time can do least: each is admitted `burst + rate * 60 s` in the
 * worst minute, whatever their number.
 *
 * @returns no limits when there are no accounts to go by
 */
export function recommend({ accounts, envelopes }: PlanSample, options: RecommendOptions): Recommendation {
  const { rates } = envelopes
  const { target } = options
  if (accounts.length === 0) return { limits: [], rates: [], envelope: [] }
  const allowed = allowedOf(accounts.length, target)
  const envelope = rates.map(({ limit, windowSeconds }, rate): EnvelopePoint => {
    const bursts = Float64Array.from(accounts, (account) => envelopes.burst(account, rate))
      .sort()
      .reverse()
    const at = (index: number): number => bursts[index] as number
    const of = (part: number): number => at(Math.floor((bursts.length - 1) * (1 - part)))
    const burst = at(Math.min(allowed, bursts.length - 1))
    return { limit, windowSeconds, burst, median: of(0.5), p99: of(0.99), highest: at(0) }
  })

  for (let factor = margin; ; factor += 0.1) {
    // What costs nothing needs no burst, but there is no limit without one.
    const bursts = envelope.map(({ burst }) => Math.max(1, Math.ceil(burst * factor - 1e-9)))
    const chosen = choose(rates, bursts, options)
    // Each limit throttles few enough, but both together might throttle more: others at each.
    const throttled = accounts.filter((account) => chosen.some(({ rate, burst }) => envelopes.burst(account, rate) > burst)).length
    if (throttled > allowed) continue
    const limits = chosen.map(({ rate, burst }, index) => toLimit(rates[rate] as Rate, burst, index === 0 ? 'sustained' : 'peak'))
    return { envelope, rates: chosen.map(({ rate }) => rate), limits }
  }
}

/** How many accounts may be throttled without missing the target. */
export function allowedOf(accounts: number, target: number): number {
  return Math.floor(accounts * (1 - target) + 1e-9)
}

interface Choice {
  readonly rate: number
  readonly burst: number
}

function choose(rates: readonly Rate[], bursts: readonly number[], options: RecommendOptions): readonly Choice[] {
  const { capacity, share, withPeak = false } = options
  const affordable = rates.flatMap(({ perSecond }, rate) => (perSecond <= capacity * share ? [rate] : []))
  const sustained = best(affordable.length === 0 ? [0] : affordable, (rate) => admitted(rates, bursts, rate, 60))
  const burst = bursts[sustained] as number
  const choice = { rate: sustained, burst }
  if (!withPeak && burst <= capacity * shortLimitAbove) return [choice]
  const faster = rates.flatMap(({ perSecond, windowSeconds }, rate) =>
    windowSeconds === 1 && perSecond > (rates[sustained] as Rate).perSecond ? [rate] : [],
  )
  if (faster.length === 0) return withPeak ? [choice, choice] : [choice]
  const peak = best(faster, (rate) => admitted(rates, bursts, rate, 1))
  const isWorthwhile = admitted(rates, bursts, peak, 1) <= shortLimitBelow * burst
  return withPeak || isWorthwhile ? [choice, { rate: peak, burst: bursts[peak] as number }] : [choice]
}

function admitted(rates: readonly Rate[], bursts: readonly number[], rate: number, seconds: number): number {
  return (bursts[rate] as number) + (rates[rate] as Rate).perSecond * seconds
}

/** The cheapest; of equal ones the last, which has the higher rate. */
function best(candidates: readonly number[], cost: (candidate: number) => number): number {
  return candidates.reduce((left, right) => (cost(right) <= cost(left) ? right : left))
}

function toLimit({ limit, windowSeconds }: Rate, burst: number, name: string): RecommendedLimit {
  return { name, limit, windowSeconds, burst }
}
