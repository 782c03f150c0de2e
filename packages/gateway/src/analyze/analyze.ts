import { UsageError } from '../cli/io.ts'
import { findAbuse, instant, spikeShare } from './abuse.ts'
import type { Traffic } from './input/ingest.ts'
import type { Progress } from './input/progress.ts'
import type { AnalyzeOptions } from './options.ts'
import { policyBlock } from './output/policy-block.ts'
import { checkHeldOut, describePlan } from './plan-result.ts'
import { recommend } from './recommend.ts'
import { compilePolicy } from './replay/policy.ts'
import type { PolicyLimit, ReplayLimit } from './replay/policy.ts'
import { describeReplay } from './replay/describe.ts'
import { replay } from './replay/replay.ts'
import type { Replay } from './replay/replay.ts'
import type { AbusiveAccount, Analysis, PlanResult, Spike } from './result.ts'
import { survey } from './survey.ts'
import type { Survey } from './survey.ts'
import { warningsOf } from './warnings.ts'

/** An analysis, and what only pictures need. */
export interface AnalysisReport {
  readonly analysis: Analysis
  /** The load that `analysis.replay` is about. */
  readonly load: Pick<Replay, 'before' | 'after'>
}

/** A policy file to replay. */
export interface GivenPolicy {
  readonly name: string
  readonly limits: readonly ReplayLimit[]
}

/** A server that stood its busiest usual second stands a little more. */
const assumedHeadroom = 1.25

/**
 * Derives limits from traffic: splits what is usual from spikes and who behaves from who does not, chooses limits for each plan, and
 * replays them.
 */
export function analyze(traffic: Traffic, options: AnalyzeOptions, policy: GivenPolicy | undefined, progress: Progress): AnalysisReport {
  const { accounts, spool } = traffic
  const seen = survey(traffic, options.baseline, progress)
  if (options.baseline !== undefined && spool.length > 0 && (options.baseline.from > seen.lastAt || options.baseline.to < seen.firstAt))
    throw new UsageError(`--baseline: expected a part of the log, which goes from ${instant(seen.firstAt)} to ${instant(seen.lastAt)}`)
  const capacity =
    options.capacity === undefined
      ? ({ perSecond: Math.ceil(seen.usualBusiestSecond * assumedHeadroom), source: 'assumed' } as const)
      : ({ perSecond: options.capacity, source: 'given' } as const)

  const members = accounts.plans.map((_, plan) => numbersOf(traffic, plan))
  const abuse = members.map((numbers) => findAbuse(numbers, accounts.list, seen.envelopes, seen.spikes))
  const isSinglePlan = members.filter((numbers) => numbers.length > 0).length === 1
  const recommendations = accounts.plans.map((plan, index) => ({
    plan,
    behaving: (members[index] ?? []).filter((number) => abuse[index]?.has(number) !== true),
    ...recommend(
      {
        plan,
        prefix: isSinglePlan ? '' : `${/^[\x21-\x7e]{1,40}$/.test(plan) ? plan : `plan-${index + 1}`}-`,
        accounts: (members[index] ?? []).filter((number) => abuse[index]?.has(number) !== true),
        envelopes: seen.envelopes,
      },
      { target: options.target, capacity: capacity.perSecond, share: options.share },
    ),
  }))

  const limits = recommendations.flatMap(({ plan, limits: own }): PolicyLimit[] =>
    own.map((limit) => (isSinglePlan ? limit : { ...limit, plans: [plan] })),
  )
  const recommended = replay(compilePolicy(limits), traffic, { retries: options.retries, progress })
  const given = policy && replay(policy.limits, traffic, { retries: options.retries, progress })
  const plans = recommendations.flatMap((recommendation, index): PlanResult[] => {
    const numbers = members[index] ?? []
    if (numbers.length === 0) return []
    const heldOut = checkHeldOut(recommendation, seen.envelopes, options.target)
    return [describePlan(recommendation, numbers, accounts.list, recommended, heldOut, options.target)]
  })

  const shown = given ?? recommended
  const analysis: Omit<Analysis, 'warnings'> = {
    version: 1,
    lines: traffic.lines,
    skipped: traffic.skipped,
    requests: spool.length,
    formats: traffic.formats,
    from: spool.length === 0 ? null : instant(seen.firstAt),
    to: spool.length === 0 ? null : instant(seen.lastAt),
    accounts: accounts.exact(),
    target: options.target,
    capacity,
    plans,
    abusive: abuse.flatMap((reasons, plan) => [...reasons].map(([number, reason]) => toAbusive(traffic, plan, number, reason))),
    spikes: seen.spikes.map((spike) => toSpike(spike, traffic)),
    replay: describeReplay(shown, policy?.name ?? 'recommended', traffic),
    ...(given !== undefined && { recommendedReplay: describeReplay(recommended, 'recommended', traffic) }),
    policyBlock: policyBlock(plans, { isSinglePlan, shadow: options.shadowFirst }),
  }
  const warnings = warningsOf(analysis, traffic, seen)
  return { analysis: { ...analysis, warnings }, load: { before: shown.before, after: shown.after } }
}

/** Shared numbers stand for several accounts: they are no sample of how one behaves. */
function numbersOf({ accounts }: Traffic, plan: number): readonly number[] {
  const numbers: number[] = []
  for (let number = 0; number < accounts.exact(); number++) if (accounts.list[number]?.plan === plan) numbers.push(number)
  return numbers
}

function toAbusive({ accounts }: Traffic, plan: number, number: number, reason: string): AbusiveAccount {
  const account = accounts.list[number]
  return { account: account?.name ?? '', plan: accounts.plans[plan] ?? '', requests: account?.requests ?? 0, reason }
}

function toSpike({ from, to, requests, accounts, topAccount, topRequests }: Survey['spikes'][number], traffic: Traffic): Spike {
  const topShare = topRequests / Math.max(1, requests)
  return {
    from: instant(from),
    to: instant(to),
    requests,
    accounts,
    topAccount: traffic.accounts.list[topAccount]?.name ?? '',
    topShare: Number(topShare.toFixed(4)),
    kind: topShare >= spikeShare ? 'one-account' : 'flash-crowd',
  }
}
