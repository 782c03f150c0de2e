// npm run bench -- versioning: what old versions cost, beside parsing and writing, and beside a walk of all changes
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { createCall, createReply, stack, toFields } from 'holdfast'
import type { Call, Reply } from 'holdfast'
import { render, versioning } from 'holdfast/versioning'
import { progress } from '../harness/progress.ts'
import { hasMet, renderTable } from '../harness/report.ts'
import type { Row, Table, Target } from '../harness/report.ts'
import { ratios, spreadOf } from '../harness/statistics.ts'
import { createHistory } from './chain.ts'
import type { History } from './chain.ts'

const usage = `npm run bench -- versioning [--rounds N] [--json]

  --rounds N  interleaved rounds [30]
  --json      write JSON

Measures the translation of a list of 100 items to the oldest of 1, 10 and 100 versions with 4 changes each; the same by a walk of all
changes over every object of the parsed list; and an answer of 20 kB that no change is about, through the steps of versioning.
`

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '30' }, json: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
})
if (values.help === true) {
  process.stdout.write(usage)
  process.exit(0)
}
const rounds = Number(values.rounds)
if (!Number.isSafeInteger(rounds) || rounds < 3) {
  process.stderr.write(`--rounds: expected a whole number from 3, got ${values.rounds}\n\n${usage}`)
  process.exit(2)
}

interface Subject {
  readonly name: string
  run(): unknown
  readonly target?: Target
}

/** How long a round of one subject takes, so that a timer's grain does not matter. */
const sliceMs = 25

/** Microseconds a run, in each round: subjects take turns, every other round in reverse. */
async function measure(subjects: readonly Subject[]): Promise<number[][]> {
  const measured: number[][] = subjects.map(() => [])
  for (let round = -2; round < rounds; round++) {
    const order = round % 2 === 0 ? [...subjects.keys()] : [...subjects.keys()].toReversed()
    for (const index of order) {
      const subject = subjects[index] as Subject
      const started = process.cpuUsage().user
      const until = performance.now() + sliceMs
      let runs = 0
      while (performance.now() < until) {
        for (let count = 0; count < 5; count++) await subject.run()
        runs += 5
      }
      if (round >= 0) measured[index]?.push((process.cpuUsage().user - started) / runs)
    }
    if (round >= 0 && (round + 1) % 10 === 0) progress(`  round ${round + 1} of ${rounds}`)
  }
  return measured
}

/** What most who build this themselves do: parse, try every change on every object, write. */
function walkAll({ list, walk }: History): string {
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) for (const one of value) visit(one)
    else if (typeof value === 'object' && value !== null) {
      for (const one of Object.values(value)) visit(one)
      for (const change of walk) change(value as Record<string, unknown>)
    }
  }
  const parsed = JSON.parse(list) as unknown
  visit(parsed)
  return JSON.stringify(parsed)
}

function assertSame(history: History): void {
  const sorted = (text: string): string =>
    JSON.stringify((JSON.parse(text) as { data: object[] }).data.map((one) => Object.entries(one).sort(([a], [b]) => (a < b ? -1 : 1))))
  if (sorted(render(history.versions, 'items', history.list, history.oldest)) !== sorted(walkAll(history)))
    throw new Error('the plan and the walk do not come to the same')
}

async function chains(share: 'few' | 'all', withFunction = false): Promise<Table> {
  const lengths = [1, 10, 100]
  const histories = lengths.map((length) => createHistory(length, share, withFunction))
  for (const history of histories.slice(1)) assertSame(history)
  const base: Subject = { name: 'JSON.parse and JSON.stringify', run: () => JSON.stringify(JSON.parse((histories[0] as History).list)) }
  const subjects = histories.flatMap((history, index): Subject[] => {
    const length = lengths[index] as number
    return [
      {
        name: `${length} versions, compiled`,
        run: () => render(history.versions, 'items', history.list, history.oldest),
        ...(share === 'few' && !withFunction && { target: { atMost: 1.5 } }),
      },
      { name: `${length} versions, a walk of all changes`, run: () => walkAll(history) },
    ]
  })
  const [basis = [], ...measured] = await measure([base, ...subjects])
  return {
    title: titleOf(share, withFunction),
    unit: 'us a list',
    notes: [`ratio: to parsing and writing the list, ${(histories[0] as History).list.length} bytes`],
    rows: [
      { name: base.name, measured: spreadOf(basis) },
      ...subjects.map((subject, index): Row => {
        const times = measured[index] as number[]
        return {
          name: subject.name,
          measured: spreadOf(times),
          ratio: spreadOf(ratios(times, basis)),
          ...(subject.target && { target: subject.target }),
        }
      }),
    ],
  }
}

function titleOf(share: 'few' | 'all', withFunction: boolean): string {
  if (share === 'all') return 'the worst case: every change is about the items'
  const items = withFunction ? 'five changes and one that runs a function are about them' : 'five changes are about them'
  return `a list of 100 items; ${items}, the others about 24 other shapes`
}

async function empty(): Promise<Table> {
  const { versions, oldest } = createHistory(100, 'few')
  const body = JSON.stringify({ text: 'x'.repeat(20_480) })
  const steps = versioning({ versions })
  const policy = stack(steps.reply, steps.resolve, steps.request)
  const bare = stack((call, next) => next(call))
  const answer = (): Reply => createReply(200, { 'content-type': 'application/json' }, body)
  const call = (): Call => createCall({ method: 'GET', url: '/plain', headers: toFields({ 'api-version': oldest }) })
  const [without = [], within = []] = await measure([
    { name: 'bare', run: () => bare(call(), answer) },
    { name: 'steps', run: () => policy(call(), answer) },
  ])
  const added = within.map((time, round) => time - (without[round] as number))
  return {
    title: 'an answer of 20 kB that no change is about, under the oldest of 100 versions',
    unit: 'us a call',
    notes: ['added: the steps of versioning less the bare call; the body is not read'],
    rows: [
      { name: 'bare', measured: spreadOf(without) },
      { name: 'with the steps of versioning', measured: spreadOf(within) },
      { name: 'added', measured: spreadOf(added), target: { atMost: 20 } },
    ],
  }
}

const tables: Table[] = []
progress('measuring an answer without a plan')
tables.push(await empty())
progress('measuring a history of which few changes apply')
tables.push(await chains('few'))
progress('measuring one with a function for every item')
tables.push(await chains('few', true))
progress('measuring a history of which every change applies')
tables.push(await chains('all'))

const missed = tables.flatMap(({ rows }) => rows).filter((row) => hasMet(row) === false).length
if (values.json === true) console.log(JSON.stringify({ node: process.version, cores: cpus().length, missed, tables }, undefined, 2))
else
  console.log(
    `${cpus().length} cores, Node ${process.version}\n\n${tables.map((table) => renderTable(table)).join('\n\n')}\n\n${missed} targets missed`,
  )
