import { derive } from './derive.ts'
import { instant, spikeShare } from './abuse.ts'
import type { Traffic } from './input/ingest.ts'
import type { Progress } from './input/progress.ts'
import type { AnalyzeOptions } from './options.ts'
import { policyBlock } from './output/policy-block.ts'
import { describePlan } from './plan-result.ts'
import { toPolicy } from './plans.ts'
import { compilePolicy } from './replay/policy.ts'
import type { ReplayPolicy } from './replay/policy.ts'
import { describeReplay } from './replay/describe.ts'
import { replay } from './replay/replay.ts'
import type { Replay } from './replay/replay.ts'
import type { AbusiveAccount, Analysis, Spike } from './result.ts'
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
  readonly declared: ReplayPolicy
}

/**
 * Derives limits from traffic: splits what is usual from spikes and who behaves from who does not, chooses limits for each plan, and
 * replays them.
 */
export function analyze(traffic: Traffic, options: AnalyzeOptions, policy: GivenPolicy | undefined, progress: Progress): AnalysisReport {
  const { accounts, spool } = traffic
  const found = derive(traffic, options, progress)
  const limits = toPolicy(found.recommendations)
  const recommended = replay(compilePolicy({ limits }), traffic, { retries: options.retries, progress })
  const given = policy && replay(policy.declared, traffic, { retries: options.retries, progress })
  const shown = given ?? recommended
  const analysis: Omit<Analysis, 'warnings'> = {
    version: 1,
    lines: traffic.lines,
    skipped: traffic.skipped,
    requests: spool.length,
    formats: traffic.formats,
    from: spool.length === 0 ? null : instant(found.firstAt),
    to: spool.length === 0 ? null : instant(found.lastAt),
    accounts: found.recommendations.reduce((sum, { members }) => sum + members.length, 0),
    target: options.target,
    capacity: found.capacity,
    plans: found.recommendations.map((plan) => describePlan(plan, accounts.list, recommended, options.target)),
    abusive: [...found.abuse].map(([number, reason]) => toAbusive(traffic, number, reason)),
    spikes: found.spikes.map((spike) => toSpike(spike, traffic)),
    replay: describeReplay(shown, policy?.name ?? 'recommended', traffic),
    ...(given !== undefined && { recommendedReplay: describeReplay(recommended, 'recommended', traffic) }),
    policyBlock: policyBlock(limits, options.shadowFirst),
  }
  const warnings = warningsOf(analysis, traffic, found)
  return { analysis: { ...analysis, warnings }, load: { before: shown.before, after: shown.after } }
}

function toAbusive({ accounts }: Traffic, number: number, reason: string): AbusiveAccount {
  const { name = '', plan = 0, requests = 0 } = accounts.list[number] ?? {}
  return { account: name, plan: accounts.plans[plan] ?? '', requests, reason }
}

function toSpike({ from, to, requests, accounts, top }: Survey['spikes'][number], traffic: Traffic): Spike {
  const topShare = (top[0]?.requests ?? 0) / Math.max(1, requests)
  return {
    from: instant(from),
    to: instant(to),
    requests,
    accounts,
    topAccount: traffic.accounts.list[top[0]?.account ?? 0]?.name ?? '',
    topShare: Number(topShare.toFixed(4)),
    kind: topShare >= spikeShare ? 'one-account' : 'flash-crowd',
  }
}
