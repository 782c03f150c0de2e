import type { PlanRecommendation } from './plans.ts'
import { allowedOf, margin } from './recommend.ts'
import type { PlanResult } from './result.ts'
import type { Envelopes } from './shape/envelope.ts'

/** Derives the bursts again from the first two thirds of the time, and counts whom they throttle in the last third. */
export function checkHeldOut({ behaving, rates }: PlanRecommendation, envelopes: Envelopes, target: number): PlanResult['heldOut'] {
  const known = behaving.filter((account) => rates.some((rate) => envelopes.burstOfFirstPart(account, rate) > 0))
  const later = behaving.filter((account) => rates.some((rate) => envelopes.burstOfSecondPart(account, rate) > 0))
  if (known.length === 0 || later.length === 0) return undefined
  const allowed = allowedOf(known.length, target)
  const bursts = rates.map((rate) => {
    const sorted = Float64Array.from(known, (account) => envelopes.burstOfFirstPart(account, rate))
      .sort()
      .reverse()
    return Math.ceil((sorted[Math.min(allowed, sorted.length - 1)] as number) * margin - 1e-9)
  })
  const throttled = later.filter((account) => rates.some((rate, at) => envelopes.burstOfSecondPart(account, rate) > (bursts[at] as number)))
  return { accounts: later.length, throttled: throttled.length }
}
