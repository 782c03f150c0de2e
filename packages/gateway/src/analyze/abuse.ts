import type { Account } from './accounts/table.ts'
import { percent } from './shape/confidence.ts'
import type { Envelopes } from './shape/envelope.ts'
import { findOutliers } from './shape/outliers.ts'
import type { Rate } from './shape/rates.ts'
import type { SpikeShape } from './survey.ts'

/** Above this share of a spike, one account made it; below, many came together, as when a page is linked somewhere. */
export const spikeShare = 0.2
/** The same as between two neighbours of which one is an outlier. */
const timesOthers = 2.5
/** Of fewer accounts it cannot be told by their bursts which of them behave as usual. */
const fewestAccounts = 4

/**
 * Accounts that made a spike, by number, with what they did.
 *
 * @param total requests of the whole log
 */
export function spikeMakers(accounts: readonly Account[], spikes: readonly SpikeShape[], total: number): ReadonlyMap<number, string> {
  const makers = new Map<number, string>()
  for (const spike of spikes) {
    for (const { account, requests } of spike.top) {
      if (makers.has(account) || requests < spikeShare * spike.requests) continue
      if (!standsOut(accounts[account]?.requests ?? 0, requests, spike.requests, total)) continue
      const { from, to } = spike
      makers.set(account, `sent ${percent(requests / spike.requests)} of the requests of the spike from ${instant(from)} to ${instant(to)}`)
    }
  }
  return makers
}

/**
 * Tells apart who does not behave like the others of the plan, and why.
 *
 * @param plan numbers of the plan's accounts
 * @param meanCost tokens of a request
 * @returns account numbers with the reason
 */
export function findAbuse(
  plan: readonly number[],
  envelopes: Envelopes,
  makers: ReadonlyMap<number, string>,
  meanCost: number,
): ReadonlyMap<number, string> {
  const reasons = new Map<number, string>()
  const outliers = plan.length < fewestAccounts ? [] : findOutliers(plan, envelopes.rates.length, envelopes.burst, meanCost)
  for (const { account, burst, usual, rate } of outliers)
    reasons.set(
      account,
      `at ${rateText(envelopes.rates[rate] as Rate)} it needs a burst of ${burst}, ${Math.floor(burst / Math.max(1, usual))} times that of the next account (${usual})`,
    )
  const members = new Set(plan)
  for (const [account, reason] of makers) {
    const known = reasons.get(account)
    if (members.has(account)) reasons.set(account, known === undefined ? reason : `${reason}; ${known}`)
  }
  return reasons
}

/**
 * A large customer is a large part of every minute, spike or not; and where few accounts are busier together, each has a large share of it.
 * Who made a spike sent much of all it sent in there, and grew more than all others together did.
 */
function standsOut(all: number, inSpike: number, spike: number, total: number): boolean {
  const othersOutside = total - spike - (all - inSpike)
  return inSpike > all / 4 && inSpike * othersOutside >= timesOthers * (all - inSpike) * (spike - inSpike)
}

/** A rate as people say it. */
export function rateText({ limit, windowSeconds }: { readonly limit: number; readonly windowSeconds: number }): string {
  return windowSeconds === 60 ? `${limit} a minute` : windowSeconds === 1 ? `${limit} a second` : `${limit} in ${windowSeconds} s`
}

/** An instant without fractions. */
export function instant(at: number): string {
  return new Date(at).toISOString().replace(/\.\d+Z$/, 'Z')
}
