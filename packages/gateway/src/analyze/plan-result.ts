import type { Account } from './accounts/table.ts'
import { allowedOf } from './recommend.ts'
import type { Recommendation } from './recommend.ts'
import type { Replay } from './replay/replay.ts'
import type { PlanResult } from './result.ts'
import { toConfidence } from './shape/confidence.ts'
import type { Envelopes } from './shape/envelope.ts'

/** A recommendation and the accounts of its plan that behave. */
export interface PlanRecommendation extends Recommendation {
  readonly plan: string
  readonly behaving: readonly number[]
}

const mostNamed = 1000
const margin = 1.2

/** Derives the bursts again from the first two thirds of the time, and counts whom they throttle in the last third. */
export function checkHeldOut({ behaving, rates }: PlanRecommendation, envelopes: Envelopes, target: number): PlanResult['heldOut'] {
  const known = behaving.filter((account) => rates.some((rate) => envelopes.burstOfFirstPart(account, rate) > 0))
  const later = behaving.filter((account) => rates.some((rate) => envelopes.burstOfSecondPart(account, rate) > 0))
  if (known.length === 0 || later.length === 0) return undefined
  const allowed = allowedOf(known.length, target)
  const bursts = rates.map((rate) => {
    const sorted = Uint32Array.from(known, (account) => envelopes.burstOfFirstPart(account, rate))
      .sort()
      .reverse()
    return Math.ceil((sorted[Math.min(allowed, sorted.length - 1)] as number) * margin - 1e-9)
  })
  const throttled = later.filter((account) => rates.some((rate, at) => envelopes.burstOfSecondPart(account, rate) > (bursts[at] as number)))
  return { accounts: later.length, throttled: throttled.length }
}

/** @param members all accounts of the plan, abusive ones too */
export function describePlan(
  { plan, behaving, limits, envelope }: PlanRecommendation,
  members: readonly number[],
  accounts: readonly Account[],
  { rejectedOf }: Replay,
  heldOut: PlanResult['heldOut'],
  target: number,
): PlanResult {
  const rejected = (account: number): number => rejectedOf[account] as number
  const throttled = members.filter((account) => rejected(account) > 0).toSorted((left, right) => rejected(right) - rejected(left))
  return {
    name: plan,
    accounts: members.length,
    requests: members.reduce((sum, account) => sum + (accounts[account]?.requests ?? 0), 0),
    limits,
    throttled: throttled.slice(0, mostNamed).map((account) => accounts[account]?.name ?? ''),
    throttledCount: throttled.length,
    confidence: toConfidence(behaving.length, behaving.filter((account) => rejected(account) > 0).length, target),
    heldOut,
    envelope,
  }
}
