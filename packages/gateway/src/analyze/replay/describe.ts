import type { Traffic } from '../input/ingest.ts'
import type { ReplayResult } from '../result.ts'
import type { Replay } from './replay.ts'

const mostListed = 100

/** A replay with the names of accounts and routes, the worst first. */
export function describeReplay(result: Replay, policy: string, { accounts, routes }: Traffic): ReplayResult {
  const throttled: number[] = []
  let longest = 0
  for (let account = 0; account < result.rejectedOf.length; account++) {
    if (result.rejectedOf[account] === 0) continue
    throttled.push(account)
    longest = Math.max(longest, result.longestWaitOf[account] as number)
  }
  const worst = throttled.toSorted((left, right) => (result.rejectedOf[right] as number) - (result.rejectedOf[left] as number))
  return {
    policy,
    peak_1s_before: result.before.oneSecond,
    peak_1s_after: result.after.oneSecond,
    peak_5s_before: result.before.fiveSeconds,
    peak_5s_after: result.after.fiveSeconds,
    admitted: result.admitted,
    rejected: result.rejected,
    throttledAccounts: throttled.length,
    longestWaitSeconds: toSeconds(longest),
    accounts: worst.slice(0, mostListed).map((account) => ({
      account: accounts.list[account]?.name ?? '',
      plan: accounts.plans[accounts.list[account]?.plan ?? 0] ?? '',
      rejected: result.rejectedOf[account] as number,
      longestWaitSeconds: toSeconds(result.longestWaitOf[account] as number),
    })),
    policies: result.limits,
    routes: ranked(result.routes).map(([route, rejected]) => ({ route: routes.names[route] ?? '', rejected })),
    statuses: ranked(result.statuses).map(([status, rejected]) => ({ status, rejected })),
  }
}

function ranked(counts: ReadonlyMap<number, number>): readonly (readonly [number, number])[] {
  return [...counts].toSorted(([, left], [, right]) => right - left).slice(0, mostListed)
}

/** JSON has no Infinity. */
function toSeconds(ms: number): number | null {
  return Number.isFinite(ms) ? Math.ceil(ms / 1000) : null
}
