// npm run bench -- backoff: waits where clients contend, beside the simulation of AWS; and a retry storm with and without what ends it. In virtual time
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { storm } from '../../packages/holdfast/test/backoff/storm.ts'
import type { Storm, StormOptions } from '../../packages/holdfast/test/backoff/storm.ts'
import { progress } from '../harness/progress.ts'
import { claims, simulate, simulateUpdate } from './aws.ts'
import type { Cell } from './aws.ts'
import { drawSvg } from './plot.ts'

const usage = `npm run bench -- backoff [aws|storm] [--runs N] [--plot FILE] [--processes N] [--seed N]

aws      clients that contend for one row, 10 to 190 of them: every shape of backoff beside the figures of the simulation of AWS, and update() itself
storm    70 processes and a server that falls behind for ten seconds: with and without budget, with and without a server that heeds deadlines

--runs N       runs for each mean, 100 by default
--plot FILE    writes calls and time over the number of clients there, as SVG
--processes N  processes of the storm, each of ten calls a second
--seed N       seed of the storm, 7 by default

Exits with 1 when something was missed.
`

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    help: { type: 'boolean', short: 'h', default: false },
    runs: { type: 'string', default: '100' },
    plot: { type: 'string' },
    processes: { type: 'string', default: '70' },
    seed: { type: 'string', default: '7' },
  },
})
const [runs, processes, seed] = [Number(values.runs), Number(values.processes), Number(values.seed)]
const isKnown = positionals.every((part) => part === 'aws' || part === 'storm')
if (values.help || !isKnown || !(runs >= 1) || !(processes >= 1) || !Number.isInteger(seed)) {
  process.stdout.write(usage)
  process.exit(values.help ? 0 : 2)
}

let missed = 0
function verdict(met: boolean | undefined): string {
  if (met === false) missed += 1
  return met === undefined ? '' : met ? 'met' : 'MISSED'
}
const columns = (cells: readonly string[], widths: readonly number[]): string =>
  cells.map((cell, index) => (index === 0 ? cell.padEnd(widths[0] as number) : cell.padStart(widths[index] ?? 0))).join('  ')

function plot(cells: readonly Cell[], file: string): void {
  const panel = (title: string, pick: 'calls' | 'timeMs') => ({
    title,
    lines: ['None', 'Exponential', 'EqualJitter', 'Decorr', 'FullJitter'].flatMap((name) => {
      const of = cells.filter(({ shape }) => shape === name)
      const points = (from: (cell: Cell) => number) => of.map((cell) => [cell.clients, from(cell)] as const)
      return [
        { name, isReference: false, points: points((cell) => cell[pick]) },
        { name, isReference: true, points: points((cell) => cell.reference[pick]) },
      ]
    }),
  })
  writeFileSync(file, drawSvg([panel('writes', 'calls'), panel('time until all are done, ms', 'timeMs')], 'clients (rings: AWS)'))
  progress(`wrote ${file}`)
}

async function aws(): Promise<void> {
  const simulated = simulate(runs)
  const cells = [...simulated, ...(await simulateUpdate(runs))]
  const widths = [13, 7, 7, 7, 7, 8, 8, 7, 6]
  console.log(`== contention for one row; calls within 3 % and times within 8 % of the reference, from 50 clients on`)
  console.log(columns(['', 'clients', 'calls', 'AWS', '%', 'time ms', 'AWS', '%', ''], widths))
  for (const { shape, clients, calls, timeMs, reference, met } of cells) {
    const off = (value: number, wanted: number): string => (100 * (value / wanted - 1)).toFixed(1)
    const figures = [calls.toFixed(0), String(reference.calls), off(calls, reference.calls)]
    const times = [timeMs.toFixed(0), String(reference.timeMs), off(timeMs, reference.timeMs)]
    console.log(columns([shape, String(clients), ...figures, ...times, verdict(met)], widths))
  }
  for (const { name, value, met } of claims(simulated)) console.log(columns([name, value, verdict(met)], [64, 28, 6]))
  if (values.plot !== undefined) plot(simulated, values.plot)
}

const storms: readonly [name: string, options: Omit<StormOptions, 'seed'>, isMet?: (storm: Storm) => boolean][] = [
  ['no retry', { retries: 0 }],
  ['retries without budget', { hasBudget: false }, ({ recoverySeconds }) => recoverySeconds === undefined],
  ['retries with budget', {}, ({ recoverySeconds = Number.POSITIVE_INFINITY }) => recoverySeconds <= 20],
  ['no retry, server aware', { retries: 0, isAware: true }, ({ recoverySeconds = Number.POSITIVE_INFINITY }) => recoverySeconds <= 1],
  [
    'without budget, server aware',
    { hasBudget: false, isAware: true },
    ({ recoverySeconds = Number.POSITIVE_INFINITY }) => recoverySeconds <= 1,
  ],
  ['with budget, server aware', { isAware: true }, ({ recoverySeconds = Number.POSITIVE_INFINITY }) => recoverySeconds <= 1],
]

async function weather(): Promise<void> {
  const widths = [30, 14, 8, 8, 14, 6]
  const rows: string[] = []
  for (const [name, options, isMet] of storms) {
    progress(`storm: ${name}`)
    const outcome = await storm({ seed, processes, ...options })
    const back = outcome.recoverySeconds === undefined ? 'never' : `${outcome.recoverySeconds} s`
    const figures = [back, String(outcome.failed), String(outcome.calls), String(outcome.peakAttempts)]
    rows.push(columns([name, ...figures, verdict(isMet?.(outcome))], widths))
  }
  console.log(
    `== ${processes} processes, 10 calls a second each, 180 s; the server does a fifth of its work from second 20 to 30; seed ${seed}`,
  )
  console.log(columns(['', 'back after', 'failed', 'calls', 'peak attempts', ''], widths))
  console.log(rows.join('\n'))
}

if (positionals.length === 0 || positionals.includes('aws')) await aws()
if (positionals.length === 0 || positionals.includes('storm')) await weather()
process.exitCode = missed === 0 ? 0 : 1
