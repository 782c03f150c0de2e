import type { Traffic } from './input/ingest.ts'
import type { Analysis } from './result.ts'
import { percent } from './shape/confidence.ts'
import type { Survey } from './survey.ts'

const dayMs = 86_400_000

/** What a reader must know before trusting the figures, most important first. */
export function warningsOf(
  analysis: Omit<Analysis, 'warnings'>,
  traffic: Traffic,
  { firstAt, lastAt }: Pick<Survey, 'firstAt' | 'lastAt'>,
): readonly string[] {
  const { lines, skipped, requests, capacity, plans, replay, recommendedReplay = replay } = analysis
  const found: string[] = []
  if (traffic.refused > 0)
    found.push(
      `demand is censored: ${traffic.refused} of ${requests} requests (${percent(traffic.refused / requests)}) were answered 429, so that limits were already at work; what accounts wanted to send is not in this log, and limits derived from it are too low`,
    )
  if (skipped > 0) {
    const sample = traffic.sample === undefined ? '' : `, such as ${JSON.stringify(traffic.sample.slice(0, 80))}`
    found.push(`${skipped} of ${lines} lines (${percent(skipped / lines)}) could not be read and were left out${sample}`)
  }
  if (traffic.unnamed > 0)
    found.push(
      `${traffic.unnamed} of ${requests} requests (${percent(traffic.unnamed / requests)}) do not have the field that names the account, and count for their addresses${traffic.unnamed === requests ? '; is it spelt as in the log, and is it in the --format?' : ''}`,
    )
  if (traffic.uncounted > 0)
    found.push(
      `${traffic.uncounted} of ${requests} requests (${percent(traffic.uncounted / requests)}) do not have a cost in the field that names it, and cost 1${traffic.uncounted === requests ? '; is it spelt as in the log?' : ''}`,
    )
  if (requests > 0 && lastAt - firstAt < dayMs)
    found.push(`less than a day of traffic (${duration(lastAt - firstAt)}): hours and weekdays that are not in it may be busier`)
  for (const { name, confidence } of plans) if (!confidence.shown) found.push(`plan ${name}: ${confidence.statement}`)
  for (const { name, accounts, limits } of plans)
    if (limits.length === 0 || accounts < 4)
      found.push(
        `plan ${name}: only ${accounts} account${accounts === 1 ? '' : 's'}; who behaves and who does not can be told by spikes alone${limits.length > 0 ? '' : ', and none is left to derive limits from: the plan gets those of accounts that are in no plan'}`,
      )
  for (const { name, heldOut, confidence } of plans)
    if (heldOut !== undefined && heldOut.throttled > Math.max(1, 2 * confidence.asked * heldOut.accounts))
      found.push(
        `plan ${name}: limits derived from the first two thirds of the time throttle ${heldOut.throttled} of ${heldOut.accounts} accounts in the last third: traffic changes too much to trust them`,
      )
  const { peak_1s_after: after } = recommendedReplay
  if (after > capacity.perSecond)
    found.push(
      `with the recommended limits the busiest second still has ${after} requests, and the capacity is ${capacity.perSecond}: many accounts come together, which limits per account cannot prevent; shed load as well`,
    )
  if (capacity.source === 'assumed' && requests > 0)
    found.push(
      `no --capacity was given; ${capacity.perSecond} requests a second were assumed, a quarter more than the busiest second outside spikes`,
    )
  const proxies = traffic.accounts.proxies()
  if (proxies.length > 0)
    found.push(
      `proxies: ${proxies.length} addresses sent twenty or more different user agents (${proxies.slice(0, 3).join(', ')}); many clients share each of them, and a limit by address throttles them together. Name a field of the log with --account if it has one`,
    )
  const shared = traffic.accounts.shared()
  if (shared > 0)
    found.push(
      `${shared} requests came from accounts beyond the first ${traffic.accounts.exact()}, which are not told apart: they are in the load, not in the bursts, and no limit by account was tried on them`,
    )
  if (Object.keys(analysis.plans).length > 1 && plans.some(({ name }) => name === 'other'))
    found.push('accounts that --plan does not match are in the plan "other"')
  return [...found, ...traffic.warnings]
}

/** A length of time as people say it. */
export function duration(ms: number): string {
  const seconds = Math.round(ms / 1000)
  if (seconds < 120) return `${seconds} s`
  const minutes = Math.round(seconds / 60)
  return minutes < 120 ? `${minutes} min` : `${(minutes / 60).toFixed(1)} h`
}
