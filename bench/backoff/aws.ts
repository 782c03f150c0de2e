import { readFileSync } from 'node:fs'
import { contend, shapes } from '../../packages/holdfast/test/backoff/contention.ts'
import { contendByUpdate } from '../../packages/holdfast/test/backoff/update-contention.ts'
import { seededRandom } from '../../packages/holdfast/src/testing/index.ts'
import { progress } from '../harness/progress.ts'

/** The mean of runs of one shape, beside the reference. */
export interface Cell {
  readonly shape: string
  readonly clients: number
  readonly calls: number
  readonly timeMs: number
  readonly reference: { readonly calls: number; readonly timeMs: number }
  /** Whether calls are within 3 % and time within 8 %; judged from 50 clients on. */
  readonly met: boolean | undefined
}

/** Something that must hold of the cells together. */
export interface Claim {
  readonly name: string
  readonly value: string
  readonly met: boolean
}

interface Run {
  readonly timeMs: number
  readonly calls: number
}

const reference = readFileSync(new URL('reference.csv', import.meta.url), 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('original'))
  .map((line) => line.split(','))
  .map(([, clients, , timeMs, , calls, , shape]) => ({ clients: Number(clients), timeMs: Number(timeMs), calls: Number(calls), shape }))

const seedOf = (clients: number, run: number): number => clients * 1_000_003 + run

function toCell(name: string, shape: string, clients: number, runs: readonly Run[]): Cell {
  const mean = (pick: keyof Run): number => runs.reduce((sum, run) => sum + run[pick], 0) / runs.length
  const found = reference.find((one) => one.shape === shape && one.clients === clients)
  if (found === undefined) throw new Error(`no reference for ${shape} at ${clients}`)
  const [calls, timeMs] = [mean('calls'), mean('timeMs')]
  const isNear = Math.abs(calls / found.calls - 1) <= 0.03 && Math.abs(timeMs / found.timeMs - 1) <= 0.08
  return { shape: name, clients, calls, timeMs, reference: found, met: clients >= 50 ? isNear : undefined }
}

/** All shapes at all sizes. */
export function simulate(runs: number): Cell[] {
  return Object.entries(shapes).flatMap(([shape, wait]) => {
    progress(`${shape}: 10 to 190 clients, ${runs} runs each`)
    return Array.from({ length: 19 }, (_, step) => 10 * (step + 1)).map((clients) =>
      toCell(
        shape,
        shape,
        clients,
        Array.from({ length: runs }, (_, run) => contend(clients, wait, seededRandom(seedOf(clients, run)))),
      ),
    )
  })
}

/** `update()` itself, beside full jitter. */
export async function simulateUpdate(runs: number): Promise<Cell[]> {
  const cells: Cell[] = []
  for (const clients of [10, 50, 100, 190]) {
    progress(`update(): ${clients} clients, ${runs} runs`)
    const results: Run[] = []
    for (let run = 0; run < runs; run++) results.push(await contendByUpdate(clients, seededRandom(seedOf(clients, run))))
    cells.push(toCell('update()', 'FullJitter', clients, results))
  }
  return cells
}

/** What the shapes are to each other at 100 clients, and how calls grow from 10 over 100 to 190. */
export function claims(cells: readonly Cell[]): Claim[] {
  const at = (shape: string, clients = 100): Cell => cells.find((cell) => cell.shape === shape && cell.clients === clients) as Cell
  const isAscending = (values: readonly number[]): boolean =>
    values.every((value, index) => index === 0 || value > (values[index - 1] as number))
  const callsOf = ['FullJitter', 'EqualJitter', 'Decorr', 'Exponential', 'None'].map((shape) => at(shape).calls)
  const timesOf = ['None', 'FullJitter', 'EqualJitter', 'Exponential'].map((shape) => at(shape).timeMs)
  const beside = at('Decorr').timeMs / at('FullJitter').timeMs
  const growth = (shape: string, from: number, to: number): number =>
    Math.log(at(shape, to).calls / at(shape, from).calls) / Math.log(to / from)
  const growths = (shape: string): number[] => [growth(shape, 10, 100), growth(shape, 100, 190)]
  const shown = (values: readonly number[], digits = 0): string => values.map((value) => value.toFixed(digits)).join(', ')
  const isWithin = (values: readonly number[], low: number, high: number): boolean =>
    values.every((value) => Number(value.toFixed(1)) >= low && Number(value.toFixed(1)) <= high)
  return [
    { name: 'calls at 100: full < equal < decorrelated < exponential < none', value: shown(callsOf), met: isAscending(callsOf) },
    { name: 'time at 100: none < full < equal < exponential', value: shown(timesOf), met: isAscending(timesOf) },
    { name: 'time at 100: decorrelated within 15 % of full', value: beside.toFixed(2), met: Math.abs(beside - 1) <= 0.15 },
    { name: 'calls of none grow as N^1.7 to N^1.9', value: shown(growths('None'), 2), met: isWithin(growths('None'), 1.7, 1.9) },
    {
      name: 'calls of full grow as N^1.2 to N^1.3',
      value: shown(growths('FullJitter'), 2),
      met: isWithin(growths('FullJitter'), 1.2, 1.3),
    },
  ]
}
