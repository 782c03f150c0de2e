import { UsageError } from '../cli/io.ts'
import { findAbuse, instant, spikeMakers } from './abuse.ts'
import type { Traffic } from './input/ingest.ts'
import type { Progress } from './input/progress.ts'
import type { AnalyzeOptions } from './options.ts'
import { checkHeldOut } from './held-out.ts'
import { recommendAll } from './plans.ts'
import type { PlanRecommendation } from './plans.ts'
import type { Analysis, PlanResult } from './result.ts'
import { busiestUsualSecond, survey } from './survey.ts'
import type { Survey } from './survey.ts'

/** What the requests of a log say about limits. */
export interface Derivation extends Omit<Survey, 'envelopes'> {
  readonly capacity: Analysis['capacity']
  /** Of plans that have accounts. */
  readonly recommendations: readonly (PlanRecommendation & { readonly heldOut: PlanResult['heldOut'] })[]
  /** Reasons by account number. */
  readonly abuse: ReadonlyMap<number, string>
}

/** A server that stood its busiest usual second stands a little more. */
const assumedHeadroom = 1.25

/**
 * Splits what is usual from spikes and who behaves from who does not, and chooses limits for each plan. The bursts of all accounts, which
 * are most of the memory of an analysis, are not kept.
 *
 * @throws UsageError for a baseline outside of the log
 */
export function derive(traffic: Traffic, { baseline, capacity: given, target, share }: AnalyzeOptions, progress: Progress): Derivation {
  const { envelopes, ...seen } = survey(traffic, baseline, progress)
  if (baseline !== undefined && traffic.spool.length > 0 && (baseline.from > seen.lastAt || baseline.to < seen.firstAt))
    throw new UsageError(`--baseline: expected a part of the log, which goes from ${instant(seen.firstAt)} to ${instant(seen.lastAt)}`)
  const { list, plans } = traffic.accounts
  const members = membersOf(traffic)
  const found = spikeMakers(list, seen.spikes, traffic.spool.length)
  // Where everybody made one, as jobs at night do, nothing else tells what is usual.
  const makers = members.every((numbers) => numbers.every((number) => found.has(number))) ? new Map<number, string>() : found
  const abuse = new Map(members.flatMap((numbers) => [...findAbuse(numbers, envelopes, makers, seen.meanCost)]))
  // An account that came when the table was full has no burst of its own, and may be the one that this is all about.
  for (const [number, reason] of makers) if (number >= traffic.accounts.exact()) abuse.set(number, reason)
  const capacity =
    given === undefined
      ? ({ perSecond: Math.ceil(busiestUsualSecond(traffic, seen, abuse) * assumedHeadroom), source: 'assumed' } as const)
      : ({ perSecond: given, source: 'given' } as const)

  const samples = plans.flatMap((plan, index) => {
    const numbers = members[index] ?? []
    return numbers.length === 0 ? [] : [{ plan, members: numbers, behaving: numbers.filter((number) => !abuse.has(number)) }]
  })
  const recommendations = recommendAll(samples, envelopes, { target, share, capacity: capacity.perSecond * seen.meanCost })
  const checked = recommendations.map((recommendation) => ({ ...recommendation, heldOut: checkHeldOut(recommendation, envelopes, target) }))
  envelopes.close()
  return { ...seen, capacity, abuse, recommendations: checked }
}

/** Account numbers by plan. Shared numbers stand for several accounts: they are no sample of how one behaves. */
function membersOf({ accounts }: Traffic): readonly (readonly number[])[] {
  const members: number[][] = accounts.plans.map(() => [])
  for (let number = 0; number < accounts.exact(); number++) {
    const { plan = 0, requests = 0 } = accounts.list[number] ?? {}
    // All that it sent may have been left out.
    if (requests > 0) members[plan]?.push(number)
  }
  return members
}
