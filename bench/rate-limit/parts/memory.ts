import type { Grid } from '../../harness/grid.ts'
import { progress } from '../../harness/progress.ts'
import type { Row, Table } from '../../harness/report.ts'
import { startProcess } from '../../harness/server-process.ts'
import type { ServerProcess } from '../../harness/server-process.ts'
import { ratios, spreadOf } from '../../harness/statistics.ts'
import { floodLimiters, mostHeapMiB } from '../memory/flood.ts'
import type { Held, MemorySpec } from '../memory/spec.ts'
import type { Part, PartOptions } from '../part.ts'

const baseline = 'bare Map'
const limiters = [
  baseline,
  'Map, no clock',
  'holdfast',
  'express-rate-limit',
  'rate-limiter-flexible',
  '@fastify/rate-limit',
  'hono-rate-limiter',
]
const amounts = [1, 10_000, 1_000_000] as const
/** By keys. With a single one all are in the processor's cache, and what is seen is the code alone. */
const costTargets: Readonly<Record<number, number>> = { 10_000: 1.45, 1_000_000: 1.45 }

/** What one take costs in this process, and what a key takes of its memory. */
export const memory: Part = {
  name: 'memory',
  title: 'one take in memory, and the memory of a key, beside a bare Map and peers',
  async run(options) {
    const tables: (Table | Grid)[] = []
    for (const keys of amounts) {
      progress(`  ${keys} keys`)
      tables.push(...(await measure(keys, options)))
    }
    progress('  a flood of a million keys')
    return [...tables, await flood(options)]
  },
}

async function measure(keys: number, options: PartOptions): Promise<Table[]> {
  const takes = keys > 100_000 ? 200_000 : 300_000
  const processes: ServerProcess[] = []
  try {
    for (const limiter of limiters) {
      const spec: MemorySpec = { limiter, keys, mostKeys: Math.max(100_000, Math.ceil(keys * 1.1)), takes }
      processes.push(await startProcess(new URL('../memory/process.ts', import.meta.url), spec, options))
    }
    const held: Held[] = []
    for (const each of processes) held.push((await each.ask({ ask: 'held' })) as Held)
    const ns = await interleave(processes, options.rounds ?? 15)
    // Of few keys, what the process grows by at its start is more than they take.
    return [costTable(keys, ns), ...(keys < 100_000 ? [] : sizeTables(keys, held))]
  } finally {
    await Promise.all(processes.map((each) => each.stop()))
  }
}

/** What a million new keys do to limiters as they come. */
async function flood(options: PartOptions): Promise<Grid> {
  const flooded = await floodLimiters(options)
  return {
    title: 'memory: a flood of 1,000,000 new keys, each limiter with the bound it has by default',
    head: ['', 'heap and buffers', 'resident', 'a take meanwhile'],
    cells: flooded.map(({ limiter, heapMiB, rssMiB, nsDuring, nsBefore }) => [
      limiter,
      `${heapMiB.toFixed(1)} MiB`,
      `${rssMiB.toFixed(0)} MiB`,
      `${(nsDuring / nsBefore).toFixed(2)} x`,
    ]),
    notes: [
      `[R35] heap growth below ${mostHeapMiB} MiB; the part adversary says what became of who had used up a limit`,
      'a take meanwhile: of a new key, against one of 10,000 known keys before; the part flood says what that is of a request',
    ],
  }
}

/** Each process in turn, every other round in reverse, after two rounds that only warm up. */
async function interleave(processes: readonly ServerProcess[], rounds: number): Promise<number[][]> {
  const ns: number[][] = processes.map(() => [])
  for (let round = -2; round < rounds; round++) {
    const order = round % 2 === 0 ? [...processes.keys()] : [...processes.keys()].toReversed()
    for (const index of order) {
      const found = (await processes[index]?.ask({ ask: 'take' })) as number
      if (round >= 0) ns[index]?.push(found)
    }
  }
  return ns
}

function costTable(keys: number, ns: readonly number[][]): Table {
  const bare = ns[0] as number[]
  const target = costTargets[keys]
  return {
    title: `memory: one take, ${keys} ${keys === 1 ? 'key' : 'keys in no order'}`,
    unit: 'ns a take',
    notes: [
      'ratio: time of this / time of a window in a bare Map, round by round. That one reads a clock, as whatever limits by time must.',
      'Those that make a caller wait are awaited.',
    ],
    rows: limiters.map((name, index): Row => {
      const own = ns[index] as number[]
      if (name === baseline) return { name, measured: spreadOf(own) }
      const judged = name === 'holdfast' && target !== undefined && { target: { atMost: target } }
      return { name, measured: spreadOf(own), ratio: spreadOf(ratios(own, bare)), ...judged }
    }),
  }
}

function sizeTables(keys: number, held: readonly Held[]): Table[] {
  const table = (title: string, pick: (each: Held) => number, judges: boolean): Table => ({
    title: `memory: a key of ${keys}, ${title}`,
    unit: 'bytes',
    notes: ['names of keys count where the limiter keeps them: 20 characters'],
    rows: limiters.map((name, index): Row => {
      const judged = judges && name === 'holdfast' && { target: { atMost: 64 } }
      return { name, measured: spreadOf([pick(held[index] as Held)]), ...judged }
    }),
  })
  return [
    table('heap and buffers', ({ heapBytesPerKey }) => heapBytesPerKey, true),
    table('resident', ({ rssBytesPerKey }) => rssBytesPerKey, false),
  ]
}
