/**
 * Draws the charts of a report, in the browser. Plain JavaScript as text: it is put into the page, whose policy allows this script alone.
 *
 * Labels are set as text, and numbers are all that comes from the log.
 */
export const chartScript: string = String.raw`
const data = JSON.parse(document.getElementById('data').textContent)
const dark = matchMedia('(prefers-color-scheme: dark)').matches
const ink = dark ? '#a8b3c2' : '#5b6675'
const grid = { stroke: dark ? '#2a323d' : '#e6e9ee', width: 1 }
const colours = { before: '#e5484d', after: '#2f9e6e', capacity: '#8a63d2', median: '#9aa5b4', p99: '#4c8bf5', target: '#2f9e6e', all: '#e5a23b' }
const axis = (more) => Object.assign({ stroke: ink, grid, ticks: grid, font: '12px system-ui' }, more)
const charts = []

function draw(id, height, options, values) {
  const place = document.getElementById(id)
  if (!place) return
  const size = () => ({ width: Math.max(280, place.clientWidth), height })
  charts.push([new uPlot({ ...size(), ...options }, values, place), size])
}

const marks = (at, text) => ({ hooks: { draw: [(u) => {
  const y = u.valToPos(at, 'y', true)
  if (!(y >= u.bbox.top && y <= u.bbox.top + u.bbox.height)) return
  const c = u.ctx
  c.save()
  c.strokeStyle = c.fillStyle = colours.capacity
  c.lineWidth = devicePixelRatio
  c.setLineDash([6 * devicePixelRatio, 4 * devicePixelRatio])
  c.beginPath(); c.moveTo(u.bbox.left, y); c.lineTo(u.bbox.left + u.bbox.width, y); c.stroke()
  c.font = 12 * devicePixelRatio + 'px system-ui'
  c.textAlign = 'right'
  c.fillText(text, u.bbox.left + u.bbox.width - 6, y - 5 * devicePixelRatio)
  c.restore()
}] } })

const pad = (number) => String(number).padStart(2, '0')
const clock = (u, splits) => splits.map((seconds, index) => {
  const at = new Date(seconds * 1000)
  const day = at.getUTCFullYear() + '-' + pad(at.getUTCMonth() + 1) + '-' + pad(at.getUTCDate())
  const time = pad(at.getUTCHours()) + ':' + pad(at.getUTCMinutes())
  const before = index === 0 ? -1 : new Date(splits[index - 1] * 1000).getUTCDate()
  return before === at.getUTCDate() ? time : time + '\n' + day
})

const area = (name, colour) => ({ label: name, stroke: colour, fill: colour + '22', width: 1.5, points: { show: false } })
draw('load', 300, {
  cursor: { drag: { x: true, y: false } },
  scales: { x: { time: true }, y: { range: (u, low, high) => [0, Math.max(high, data.capacity) * 1.08 || 1] } },
  axes: [axis({ space: 70, values: clock }), axis({ label: 'requests in the busiest second', labelFont: '12px system-ui', size: 60 })],
  series: [{ value: (u, v) => v == null ? '' : new Date(v * 1000).toISOString().slice(0, 19).replace('T', ' ') }, area('before', colours.before), area('after', colours.after)],
  plugins: [marks(data.capacity, 'capacity ' + data.capacity + '/s')],
  tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), 'UTC'),
}, data.load)

const rateText = (rate) => rate >= 1 ? rate + '/s' : Math.round(rate * 60) + '/min'
data.envelopes.forEach((values, plan) => {
  const line = (name, colour, width = 2) => ({ label: name, stroke: colour, width, points: { show: true, size: 6 } })
  const chosen = { hooks: { draw: [(u) => {
    const c = u.ctx
    for (const [index, burst] of data.chosen[plan]) {
      const x = u.valToPos(values[0][index], 'x', true), y = u.valToPos(burst, 'y', true)
      c.save()
      c.fillStyle = colours.capacity
      c.beginPath(); c.arc(x, y, 6 * devicePixelRatio, 0, 7); c.fill()
      c.textAlign = 'left'
      c.font = 'bold ' + 12 * devicePixelRatio + 'px system-ui'
      c.fillText(rateText(values[0][index]) + ', burst ' + burst, x + 10 * devicePixelRatio, y - 8 * devicePixelRatio)
      c.restore()
    }
  }] } }
  draw('envelope-' + plan, 300, {
    scales: { x: { time: false, distr: 3 }, y: { distr: 3, log: 10 } },
    axes: [
      axis({ label: 'rate', labelFont: '12px system-ui', values: (u, splits) => splits.map((v) => v == null ? null : rateText(v)), splits: () => values[0].filter((rate) => rate !== 0.5), filter: (u, splits) => splits, space: 40 }),
      axis({ label: 'burst', labelFont: '12px system-ui', size: 60, values: (u, splits) => splits.map((v) => v == null ? null : String(v)) }),
    ],
    series: [
      { label: 'rate', value: (u, v) => v == null ? '' : rateText(v) },
      line('half of the accounts', colours.median, 1), line('99 %', colours.p99), line('target', colours.target, 3), line('all that behave', colours.all, 1),
    ],
    plugins: [chosen],
  }, values.map((column) => column.map((value) => value || null)))
})
addEventListener('resize', () => charts.forEach(([chart, size]) => chart.setSize(size())))
`

/** The look of a report. */
export const style = `
:root { color-scheme: light dark; --ink: #1d2530; --soft: #5b6675; --line: #e3e7ed; --page: #f6f7f9; --card: #fff; --bad: #c62a2f; --good: #1d7f55; --note: #fff7e0; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6ebf2; --soft: #a8b3c2; --line: #2a323d; --page: #12161c; --card: #1a2029; --bad: #ff8589; --good: #57c795; --note: #2e2810; } }
* { box-sizing: border-box }
body { margin: 0; background: var(--page); color: var(--ink); font: 15px/1.5 system-ui, sans-serif }
main { max-width: 1080px; margin: 0 auto; padding: 32px 20px 64px }
h1 { font-size: 26px; margin: 0 0 4px }
h2 { font-size: 18px; margin: 0 0 12px }
p { margin: 6px 0 }
.soft { color: var(--soft) }
section { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 20px 22px; margin-top: 18px }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(170px, 1fr)); gap: 14px; margin-top: 18px }
.figure { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 14px 18px }
.figure b { display: block; font-size: 24px; font-variant-numeric: tabular-nums }
.limit { display: inline-block; background: var(--page); border: 1px solid var(--line); border-radius: 999px; padding: 4px 14px; margin: 2px 6px 6px 0; font-weight: 600 }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums }
.scroll { overflow-x: auto; max-height: 460px }
th, td { text-align: left; padding: 6px 14px 6px 0; border-bottom: 1px solid var(--line); vertical-align: top }
td { overflow-wrap: break-word; max-width: 520px }
h2:not(:first-child) { margin-top: 20px }
th { font-weight: 600; color: var(--soft); font-size: 13px }
td.n, th.n { text-align: right; white-space: nowrap }
.bar { display: block; background: var(--bad); border-radius: 4px; height: 10px; min-width: 2px }
td.wide { width: 30% }
ul.notes { list-style: none; padding: 0; margin: 0 }
ul.notes li { background: var(--note); border-radius: 8px; padding: 8px 12px; margin-bottom: 8px }
pre { background: var(--page); border: 1px solid var(--line); border-radius: 8px; padding: 14px; overflow-x: auto; margin: 0 }
.bad { color: var(--bad) } .good { color: var(--good) }
.u-legend { color: var(--ink); font-size: 13px }
`
