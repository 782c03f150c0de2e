import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { LoopDelay } from '../../harness/event-loop-delay.ts'
import { progress } from '../../harness/progress.ts'
import type { Table } from '../../harness/report.ts'
import { startProcess } from '../../harness/server-process.ts'
import { ratios, spreadOf } from '../../harness/statistics.ts'
import { warmUp } from '../interleave.ts'
import type { Part, PartOptions } from '../part.ts'
import { newTransfers } from '../requests.ts'
import type { LoopResult } from '../server/sqlite-loop.ts'
import { Subject } from '../subject.ts'
import type { Sample } from '../subject.ts'

const callers = 64

/** Exactly-once on SQLite, durable before the reply: group commit in the store, and over HTTP. */
export const sqlite: Part = {
  name: 'sqlite',
  title: 'exactly-once on SQLite',
  async run(options) {
    // On the disk that temporary files are on: what is measured is syncing, so it must not be a file system in memory.
    const folder = await mkdtemp(join(tmpdir(), 'holdfast-bench-'))
    try {
      return [await inTheStore(folder, options), await overHttp(folder, options)]
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  },
}

async function inTheStore(folder: string, options: PartOptions): Promise<Table> {
  const loops = await startProcess(new URL('../server/sqlite-loop.ts', import.meta.url), { folder, callers, ms: 1_000 }, options)
  const group: LoopResult[] = []
  const random: LoopResult[] = []
  const plain: LoopResult[] = []
  const idle: LoopDelay[] = []
  try {
    await loops.ask({ ask: 'group' })
    await loops.ask({ ask: 'plain' })
    for (let round = 0; round < (options.rounds ?? 10); round++) {
      progress(`  in the store, round ${round + 1}`)
      idle.push((await loops.ask({ ask: 'idle' })) as LoopDelay)
      plain.push((await loops.ask({ ask: 'plain' })) as LoopResult)
      group.push((await loops.ask({ ask: 'group' })) as LoopResult)
      random.push((await loops.ask({ ask: 'random' })) as LoopResult)
    }
  } finally {
    await loops.stop()
  }
  const perSecond = (results: readonly LoopResult[]): number[] => results.map((result) => result.perSecond)
  return {
    title: `SQLite, in the store: ${callers} callers, key and effect durable`,
    unit: 'calls/s, or ms',
    notes: [
      'ratio: calls/s / calls/s of the first row, round by round',
      'delay: p99 of the time between two shots of a 1 ms timer, less the median of the same in the idle process',
    ],
    rows: [
      { name: 'one commit a call, synchronous=FULL', measured: spreadOf(perSecond(plain)) },
      {
        name: 'holdfast, group commit',
        measured: spreadOf(perSecond(group)),
        ratio: spreadOf(ratios(perSecond(group), perSecond(plain))),
        target: { atLeast: 8 },
      },
      {
        name: 'holdfast, keys without a time',
        measured: spreadOf(perSecond(random)),
        ratio: spreadOf(ratios(perSecond(random), perSecond(plain))),
      },
      { name: 'event loop delay p99, idle (the machine)', measured: spreadOf(idle.map(({ p50, p99 }) => p99 - p50)) },
      {
        name: 'event loop delay p99, one commit a call',
        measured: spreadOf(plain.map(({ delay }, round) => delay.p99 - (idle[round] as LoopDelay).p50)),
      },
      {
        name: 'event loop delay p99, holdfast',
        measured: spreadOf(group.map(({ delay }, round) => delay.p99 - (idle[round] as LoopDelay).p50)),
        target: { atMost: 1 },
      },
    ],
  }
}

interface HttpRound extends Sample {
  readonly delay: LoopDelay
}

async function overHttp(folder: string, options: PartOptions): Promise<Table> {
  const bare = await Subject.start(
    'bare',
    { framework: 'node', guard: 'bare', storage: { kind: 'sqlite', file: join(folder, 'bare.db') } },
    callers,
    options,
  )
  const keyed = await Subject.start(
    'holdfast',
    { framework: 'node', guard: 'holdfast', storage: { kind: 'sqlite', file: join(folder, 'http.db') } },
    callers,
    options,
  )
  const rounds: { readonly bare: HttpRound; readonly keyed: HttpRound; readonly idle: LoopDelay }[] = []
  try {
    await keyed.assertReplays()
    await warmUp([bare, keyed])
    for (let round = 0; round < (options.rounds ?? 12); round++) {
      progress(`  over HTTP, round ${round + 1}`)
      const idle = await idleDelay(keyed)
      rounds.push({ bare: await measure(bare), keyed: await measure(keyed), idle })
    }
  } finally {
    await Promise.all([bare.stop(), keyed.stop()])
  }
  const throughput = (name: 'bare' | 'keyed'): number[] => rounds.map((round) => round[name].perSecond)
  const cpu = (name: 'bare' | 'keyed'): number[] => rounds.map((round) => round[name].cpuUs)
  const delay = (name: 'bare' | 'keyed'): number[] => rounds.map((round) => round[name].delay.p99 - round.idle.p50)
  return {
    title: `SQLite, over HTTP: exactly-once POST on node:http, ${callers} connections`,
    unit: 'calls/s, us CPU, ms',
    notes: [
      'bare: the same handler without keys, one commit a call, synchronous=OFF: nothing is durable',
      'ratio: throughput of holdfast / bare, CPU a request of bare / holdfast, round by round',
      'delay as in the store; a loop that serves 64 connections in one turn is late without any database, so see the row of the bare handler',
    ],
    rows: [
      { name: 'calls/s: bare', measured: spreadOf(throughput('bare')) },
      {
        name: 'calls/s: holdfast',
        measured: spreadOf(throughput('keyed')),
        ratio: spreadOf(ratios(throughput('keyed'), throughput('bare'))),
        target: { atLeast: 0.6 },
      },
      { name: 'us CPU a request: bare', measured: spreadOf(cpu('bare')) },
      { name: 'us CPU a request: holdfast', measured: spreadOf(cpu('keyed')), ratio: spreadOf(ratios(cpu('bare'), cpu('keyed'))) },
      { name: 'event loop delay p99: idle', measured: spreadOf(rounds.map(({ idle }) => idle.p99 - idle.p50)) },
      { name: 'event loop delay p99: bare', measured: spreadOf(delay('bare')) },
      { name: 'event loop delay p99: holdfast', measured: spreadOf(delay('keyed')), target: { atMost: 1 } },
    ],
  }
}

async function measure(subject: Subject): Promise<HttpRound> {
  const calls = newTransfers(4_000)
  const unwatch = await subject.watchEventLoop()
  const sample = await subject.measure(calls)
  return { ...sample, delay: await unwatch() }
}

async function idleDelay(subject: Subject): Promise<LoopDelay> {
  const unwatch = await subject.watchEventLoop()
  await new Promise((resolve) => setTimeout(resolve, 500))
  return unwatch()
}
