import type { Account } from './accounts/table.ts'
import type { Derivation } from './derive.ts'
import type { Replay } from './replay/replay.ts'
import type { PlanResult } from './result.ts'
import { toConfidence } from './shape/confidence.ts'

const mostNamed = 1000

/** What is told about a plan. */
export function describePlan(
  { plan, members, behaving, limits, envelope, heldOut }: Derivation['recommendations'][number],
  accounts: readonly Account[],
  { rejectedOf }: Replay,
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
