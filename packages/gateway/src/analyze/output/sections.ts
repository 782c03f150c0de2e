import { rateText } from '../abuse.ts'
import { printable } from '../accounts/display.ts'
import type { Analysis, PlanResult } from '../result.ts'
import { percent } from '../shape/confidence.ts'
import { escapeHtml } from './escape.ts'

interface Column {
  readonly heading: string
  readonly isFigure?: boolean
  readonly isWide?: boolean
}

const mostRows = 100

/** The four figures on top. */
export function figures({ requests, lines, skipped, accounts, replay, capacity }: Analysis): string {
  const cut = replay.peak_1s_before === 0 ? 1 : replay.peak_1s_after / replay.peak_1s_before
  return `<div class="figures">
${figure('requests', `${requests}`, `${lines} lines, ${skipped} unreadable`)}
${figure('accounts', `${accounts}`, `${replay.throttledAccounts} throttled`)}
${figure('busiest second', `${replay.peak_1s_before} &rarr; ${replay.peak_1s_after}`, `${percent(1 - cut)} less`)}
${figure('capacity', `${capacity.perSecond}/s`, capacity.source)}
</div>`
}

function figure(name: string, value: string, note: string): string {
  return `<div class="figure"><span class="soft">${name}</span><b>${value}</b><span class="soft">${note}</span></div>`
}

/** One plan: its limits, what they rest on, and its envelope. */
export function planSection(plan: PlanResult, index: number): string {
  const { name, accounts, requests, limits, confidence, heldOut, envelope } = plan
  const chips = limits.map((limit) => `<span class="limit">${rateText(limit)}, ${limit.burst} at once</span>`).join('')
  const held =
    heldOut === undefined
      ? ''
      : `<p class="soft">Derived from the first two thirds of the time and tried on the last third: ${heldOut.throttled} of ${heldOut.accounts} accounts throttled.</p>`
  const rows = envelope.map((point) => [rateText(point), `${point.median}`, `${point.p99}`, `${point.burst}`, `${point.highest}`])
  return `<section><h2>Plan ${text(name)}</h2>
<p>${accounts} accounts, ${requests} requests</p>
<p>${chips || 'no account to derive limits from'}</p>
<p class="${confidence.shown ? 'good' : 'bad'}">${escapeHtml(confidence.statement)}.</p>
${held}
<div id="envelope-${index}"></div>
<details><summary>The burst that accounts need at each rate</summary>${htmlTable(
    [{ heading: 'rate' }, ...['half', '99 %', 'target', 'all that behave'].map((heading) => ({ heading, isFigure: true }))],
    rows,
  )}</details></section>`
}

export function abusiveSection({ abusive }: Analysis): string {
  if (abusive.length === 0) return ''
  const rows = abusive
    .slice(0, mostRows)
    .map(({ account, plan, requests, reason }) => [text(account), text(plan), `${requests}`, text(reason)])
  return `<section><h2>Accounts that do not behave like the others</h2>${htmlTable(
    [{ heading: 'account' }, { heading: 'plan' }, { heading: 'requests', isFigure: true }, { heading: 'why' }],
    rows,
  )}</section>`
}

export function spikeSection({ spikes }: Analysis): string {
  if (spikes.length === 0) return ''
  const rows = spikes
    .slice(0, mostRows)
    .map(({ from, to, requests, accounts, kind, topAccount, topShare }) => [
      from,
      to,
      `${requests}`,
      `${accounts}`,
      kind === 'one-account' ? `${text(topAccount)} sent ${percent(topShare)}` : 'many accounts together',
    ])
  return `<section><h2>Spikes</h2>${htmlTable(
    [
      { heading: 'from' },
      { heading: 'to' },
      { heading: 'requests', isFigure: true },
      { heading: 'accounts', isFigure: true },
      { heading: 'who' },
    ],
    rows,
  )}</section>`
}

export function replaySection({ replay }: Analysis): string {
  const { accounts, rejected, admitted, routes, longestWaitSeconds } = replay
  const most = Math.max(1, ...accounts.map((account) => account.rejected))
  const rows = accounts.map((account) => [
    text(account.account),
    text(account.plan),
    `${account.rejected}`,
    `<span class="bar" style="width:${((100 * account.rejected) / most).toFixed(1)}%"></span>`,
    account.longestWaitSeconds === null ? 'for ever' : `${account.longestWaitSeconds} s`,
  ])
  const routeRows = routes.slice(0, 20).map(({ route, rejected: count }) => [text(route), `${count}`])
  return `<section><h2>Who is throttled by ${replay.policy === 'recommended' ? 'the recommended limits' : text(replay.policy)}</h2>
<p>${admitted} requests admitted, ${rejected} rejected; longest wait ${longestWaitSeconds === null ? 'for ever' : `${longestWaitSeconds} s`}.</p>
${
  rows.length === 0
    ? '<p class="good">Nobody.</p>'
    : htmlTable(
        [
          { heading: 'account' },
          { heading: 'plan' },
          { heading: 'rejected', isFigure: true },
          { heading: '', isWide: true },
          { heading: 'longest wait', isFigure: true },
        ],
        rows,
      )
}
${routeRows.length === 0 ? '' : `<h2>On which routes</h2>${htmlTable([{ heading: 'route' }, { heading: 'rejected', isFigure: true }], routeRows)}`}</section>`
}

/** @param rows HTML, escaped already */
function htmlTable(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const kind = (column: number): string =>
    columns[column]?.isFigure === true ? ' class="n"' : columns[column]?.isWide === true ? ' class="wide"' : ''
  const head = columns.map(({ heading }, column) => `<th${kind(column)}>${heading}</th>`).join('')
  const body = rows.map((row) => `<tr>${row.map((cell, column) => `<td${kind(column)}>${cell}</td>`).join('')}</tr>`).join('\n')
  return `<div class="scroll"><table><thead><tr>${head}</tr></thead><tbody>${body}</tbody></table></div>`
}

function text(value: string): string {
  return escapeHtml(printable(value))
}
