import { progress } from '../../harness/progress.ts'
import type { Row, Table, Target } from '../../harness/report.ts'
import { ratios, spreadOf } from '../../harness/statistics.ts'
import type { Part, PartOptions } from '../part.ts'
import type { Framework, Guard } from '../server/spec.ts'
import { Subject, callOf } from '../subject.ts'

const guards: Readonly<Record<Framework, readonly Guard[]>> = {
  node: ['bare', 'holdfast', 'holdfast, 3 limits'],
  express: ['bare', 'holdfast', 'holdfast, 3 limits', 'express-rate-limit', 'rate-limiter-flexible'],
  fastify: ['bare', 'holdfast', 'holdfast, 3 limits', '@fastify/rate-limit'],
  hono: ['bare', 'holdfast', 'holdfast, 3 limits', 'hono-rate-limiter'],
}
const targets: Readonly<Partial<Record<Framework, Target>>> = {
  node: { atLeast: 0.93 },
  express: { atLeast: 0.86 },
  fastify: { atLeast: 0.9 },
}
/** Of hono the target is this much above the best peer of the same run. */
const aboveBestOfHono = 0.05
const requestsEach = 1_000
/** V8 goes on compiling for that long. */
const warmUpRequests = 40_000
const connections = 32
const accounts = 1_000
/** Two processes of one server differ by up to a fifth, as V8 compiles and memory lies differently: what counts is their mean. */
const processesEach = 3
/** So much that nothing is refused. */
const limit = 1_000_000

/** What a limit adds to a request, beside the bare framework and peers. */
export const http: Part = {
  name: 'http',
  title: 'what a limit costs a request on four frameworks, beside bare ones and peers',
  async run(options) {
    const tables: Table[] = []
    for (const framework of Object.keys(guards) as Framework[]) {
      progress(`  ${framework}`)
      tables.push(await measure(framework, options))
    }
    return tables
  },
}

async function measure(framework: Framework, options: PartOptions): Promise<Table> {
  const { rounds = 12 } = options
  const calls = (count: number): string[] => Array.from({ length: count }, (_, index) => callOf(`account-${index % accounts}`))
  const subjects: Subject[][] = []
  try {
    for (const guard of guards[framework]) {
      const same: Subject[] = []
      subjects.push(same)
      while (same.length < processesEach) same.push(await Subject.start({ framework, guard, limit }, connections, options, true))
      await meanCpuUs(same, calls(warmUpRequests))
    }
    const cpu: number[][] = subjects.map(() => [])
    for (let round = 0; round < rounds; round++) {
      const order = round % 2 === 0 ? [...subjects.keys()] : [...subjects.keys()].toReversed()
      for (const index of order) cpu[index]?.push(await meanCpuUs(subjects[index] as Subject[], calls(requestsEach)))
    }
    return table(framework, cpu)
  } finally {
    await Promise.all(subjects.flat().map((subject) => subject.stop()))
  }
}

async function meanCpuUs(same: readonly Subject[], calls: readonly string[]): Promise<number> {
  let sum = 0
  for (const subject of same) sum += await subject.cpuUs(calls, 200)
  return sum / same.length
}

function table(framework: Framework, cpu: readonly number[][]): Table {
  const bare = cpu[0] as number[]
  const target = targets[framework]
  const rows = guards[framework].map((guard, index): Row => {
    const own = cpu[index] as number[]
    const row: Row = { name: `${framework}: ${guard}`, measured: spreadOf(own) }
    if (index === 0) return row
    return { ...row, ratio: spreadOf(ratios(bare, own)), ...(guard === 'holdfast' && target !== undefined && { target }) }
  })
  const peers = guards[framework].map((guard, index) => ({ guard, own: cpu[index] as number[] })).filter(({ guard }) => isPeer(guard))
  return {
    title: `http: ${framework}, limits in memory, ${accounts} accounts`,
    unit: 'us CPU a request',
    notes: [
      `ratio: CPU of the bare framework / CPU with the limiter, round by round, each the mean of ${processesEach} processes: what is left of the throughput of a busy core`,
      'Holdfast finds the account, which is part of what it does for a call, and writes the fields of all its limits; peers write theirs.',
    ],
    rows: [...rows, ...peers.map(({ guard, own }) => aboveRow(framework, guard, ratios(bare, cpu[1] as number[]), ratios(bare, own)))],
  }
}

function isPeer(guard: Guard): boolean {
  return guard !== 'bare' && !guard.startsWith('holdfast')
}

/** By how much more of the bare throughput is left than with a peer. */
function aboveRow(framework: Framework, peer: Guard, ours: readonly number[], theirs: readonly number[]): Row {
  const differences = ours.map((value, round) => value - (theirs[round] as number))
  const target: Target = framework === 'hono' ? { atLeast: aboveBestOfHono } : { above: 0 }
  return { name: `  holdfast above ${peer}`, ratio: spreadOf(differences), target }
}
