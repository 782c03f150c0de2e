import { styleText } from 'node:util'
import { rateText } from '../abuse.ts'
import { printable } from '../accounts/display.ts'
import type { Analysis, PlanResult, ReplayResult } from '../result.ts'
import { percent } from '../shape/confidence.ts'
import { table } from './table.ts'

const mostRows = 10

/** The report as people read it. What comes from the log is made safe for a terminal. */
export function toTerminal(analysis: Analysis, hasColours: boolean): string {
  const style = (format: 'bold' | 'yellow' | 'red' | 'dim', text: string): string =>
    hasColours ? styleText(format, text, { validateStream: false }) : text
  const heading = (text: string): string => `\n${style('bold', text)}\n`
  const { lines, skipped, requests, accounts, from, to, formats, capacity, abusive, spikes, replay, recommendedReplay, warnings } = analysis
  const parts = [
    `${requests} requests of ${accounts} accounts, ${from ?? '-'} to ${to ?? '-'} (${lines} lines, ${skipped} unreadable, ${formats.join(', ') || 'no format found'})\n`,
    `capacity ${capacity.perSecond} requests a second (${capacity.source}), target: ${Number((analysis.target * 100).toPrecision(8))} % of accounts never throttled\n`,
  ]
  for (const plan of analysis.plans)
    parts.push(heading(`Plan ${printable(plan.name)}: ${plan.accounts} accounts, ${plan.requests} requests`), planText(plan))
  if (abusive.length > 0) {
    parts.push(heading('Accounts that do not behave like the others'))
    const rows = abusive
      .slice(0, mostRows)
      .map(({ account, requests: count, reason }) => [style('red', printable(account)), String(count), reason])
    parts.push(table(['account', 'requests', 'why'], rows), more(abusive.length))
  }
  if (spikes.length > 0) {
    parts.push(heading('Spikes'))
    const rows = spikes
      .slice(0, mostRows)
      .map((spike) => [
        spike.from,
        spike.to,
        String(spike.requests),
        String(spike.accounts),
        spike.kind === 'one-account' ? `${printable(spike.topAccount)} sent ${percent(spike.topShare)}` : 'many accounts together',
      ])
    parts.push(table(['from', 'to', 'requests', 'accounts', 'who'], rows), more(spikes.length))
  }
  if (recommendedReplay !== undefined) parts.push(heading('Replay of the recommended limits'), replayText(recommendedReplay))
  parts.push(
    heading(replay.policy === 'recommended' ? 'Replay of the recommended limits' : `Replay of ${replay.policy}`),
    replayText(replay),
  )
  if (warnings.length > 0) parts.push(heading('Warnings'), ...warnings.map((warning) => `${style('yellow', '!')} ${printable(warning)}\n`))
  if (analysis.policyBlock !== '') parts.push(heading('For defineApi'), analysis.policyBlock)
  return parts.join('')
}

function planText({ limits, envelope, confidence, heldOut, throttledCount }: PlanResult): string {
  if (limits.length === 0) return 'no account to derive limits from\n'
  const rows = envelope.map((point) => [
    rateText(point),
    String(point.median),
    String(point.p99),
    String(point.burst),
    String(point.highest),
    limits.some(({ limit, windowSeconds }) => limit === point.limit && windowSeconds === point.windowSeconds) ? '<- chosen' : '',
  ])
  const chosen = limits.map((limit) => `${rateText(limit)}, ${limit.burst} at once`).join('; and ')
  return [
    `limit each account to ${chosen}\n`,
    `${confidence.statement}\n`,
    heldOut === undefined
      ? ''
      : `derived from the first two thirds and tried on the last third: ${heldOut.throttled} of ${heldOut.accounts} accounts throttled\n`,
    `throttled in this log, abusive accounts included: ${throttledCount}\n`,
    'burst that accounts need at a rate:\n',
    table(['rate', 'half', '99 %', 'target', 'all', ''], rows),
  ].join('')
}

function replayText(replay: ReplayResult): string {
  const { policies, accounts, routes, statuses } = replay
  const shadows = policies.filter(({ wouldThrottle }) => wouldThrottle > 0)
  return [
    table(
      ['requests a second', 'before', 'after'],
      [
        ['busiest second', load(replay.peak_1s_before), load(replay.peak_1s_after)],
        ['busiest 5 seconds', load(replay.peak_5s_before), load(replay.peak_5s_after)],
      ],
    ),
    `${replay.admitted} admitted, ${replay.rejected} rejected, ${replay.throttledAccounts} accounts throttled, longest wait ${wait(replay.longestWaitSeconds)}\n`,
    ...shadows.map(({ name, wouldThrottle }) => `${printable(name)} in shadow mode would throttle ${wouldThrottle}\n`),
    accounts.length === 0
      ? ''
      : table(
          ['throttled', 'rejected', 'longest wait'],
          accounts
            .slice(0, mostRows)
            .map(({ account, rejected, longestWaitSeconds }) => [printable(account), String(rejected), wait(longestWaitSeconds)]),
        ),
    more(replay.throttledAccounts),
    routes.length === 0
      ? ''
      : table(
          ['route', 'rejected'],
          routes.slice(0, 5).map(({ route, rejected }) => [printable(route), String(rejected)]),
        ),
    statuses.length === 0
      ? ''
      : table(
          ['answered', 'rejected'],
          statuses.slice(0, 5).map(({ status, rejected }) => [status === 0 ? '-' : String(status), String(rejected)]),
        ),
  ].join('')
}

function load(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toFixed(1)
}

function wait(seconds: number | null): string {
  return seconds === null ? 'for ever' : `${seconds} s`
}

function more(count: number): string {
  return count > mostRows ? `and ${count - mostRows} more\n` : ''
}
