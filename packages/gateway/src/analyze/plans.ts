import { recommend } from './recommend.ts'
import type { Recommendation, RecommendOptions } from './recommend.ts'
import type { PolicyLimit } from './replay/policy.ts'
import type { RecommendedLimit } from './result.ts'
import type { Envelopes } from './shape/envelope.ts'

/** The accounts of a plan. */
export interface Plan {
  readonly plan: string
  readonly members: readonly number[]
  /** Those that limits are derived from. */
  readonly behaving: readonly number[]
}

/** A plan and the limits for it. */
export interface PlanRecommendation extends Plan, Recommendation {}

/** Recommends limits for each plan. All get a second limit when one does: a limit has numbers for each plan, and holds for all. */
export function recommendAll(plans: readonly Plan[], envelopes: Envelopes, options: RecommendOptions): readonly PlanRecommendation[] {
  const of = (withPeak: boolean): readonly PlanRecommendation[] =>
    plans.map((plan) => ({ ...plan, ...recommend({ accounts: plan.behaving, envelopes }, { ...options, withPeak }) }))
  const found = of(false)
  return found.length > 1 && found.some(({ limits }) => limits.length > 1) ? of(true) : found
}

/**
 * The limits of all plans as one policy. Accounts of a plan that is not named get the numbers of the plan "other", or of the strictest one.
 */
export function toPolicy(recommendations: readonly PlanRecommendation[]): readonly PolicyLimit[] {
  const usable = recommendations.filter(({ limits }) => limits.length > 0)
  const base = usable.find(({ plan }) => plan === 'other') ?? usable.toSorted((left, right) => perMinute(left) - perMinute(right))[0]
  if (base === undefined) return []
  return base.limits.map((limit, index) => {
    const others = usable
      .filter((plan) => plan !== base)
      .map(({ plan, limits }) => [plan, numbersOf(limits[index] as RecommendedLimit)] as const)
    return { ...limit, ...(others.length > 0 && { plans: Object.fromEntries(others) }) }
  })
}

function perMinute({ limits }: PlanRecommendation): number {
  const [sustained] = limits
  return sustained === undefined ? 0 : sustained.burst + (sustained.limit * 60) / sustained.windowSeconds
}

function numbersOf({ limit, windowSeconds, burst }: RecommendedLimit): Omit<RecommendedLimit, 'name'> {
  return { limit, windowSeconds, burst }
}
