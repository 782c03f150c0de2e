import { hash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { AnalysisReport } from '../analyze.ts'
import { printable } from '../accounts/display.ts'
import type { Analysis } from '../result.ts'
import { chartData } from './chart-data.ts'
import { chartScript, style } from './charts.ts'
import { embeddedJson, escapeHtml } from './escape.ts'
import { abusiveSection, figures, planSection, replaySection, spikeSection } from './sections.ts'

const require = createRequire(import.meta.url)

/**
 * The report as one HTML file that needs no network and works from the disk. Its content security policy allows the script that it was
 * written with and no other, should a name in the log ever get past the escaping.
 */
export function toHtml(analysis: Analysis, load: AnalysisReport['load']): string {
  const script = `${readFileSync(require.resolve('uplot/dist/uPlot.iife.min.js'), 'utf8')}\n${chartScript}`
  const styles = readFileSync(require.resolve('uplot/dist/uPlot.min.css'), 'utf8') + style
  const policy = `default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-${hash('sha256', script, 'base64')}'`
  const { from, to, warnings, policyBlock } = analysis
  const notes = warnings.map((warning) => `<li>${escapeHtml(printable(warning))}</li>`).join('')
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width">
<title>Limits derived from traffic</title>
<style>${styles}</style>
</head>
<body>
<main>
<h1>Limits derived from traffic</h1>
<p class="soft">${from === null ? 'no requests' : `${from} to ${to}`}, written by holdfast analyze. Times are UTC.</p>
${figures(analysis)}
${notes === '' ? '' : `<section><h2>Read this first</h2><ul class="notes">${notes}</ul></section>`}
<section><h2>Load before and after</h2><div id="load"></div></section>
${analysis.plans.map((plan, index) => planSection(plan, index)).join('\n')}
${abusiveSection(analysis)}
${spikeSection(analysis)}
${replaySection(analysis)}
${policyBlock === '' ? '' : `<section><h2>For defineApi</h2><pre>${escapeHtml(policyBlock)}</pre></section>`}
</main>
<script type="application/json" id="data">${embeddedJson(chartData(analysis, load))}</script>
<script>${script}</script>
</body>
</html>
`
}
