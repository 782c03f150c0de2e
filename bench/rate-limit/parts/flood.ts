import { setTimeout as sleep } from 'node:timers/promises'
import { progress } from '../../harness/progress.ts'
import type { Row, Table } from '../../harness/report.ts'
import { startProcess } from '../../harness/server-process.ts'
import { quantile, ratios, spreadOf } from '../../harness/statistics.ts'
import { floodPolicy } from '../flood/in-process.ts'
import type { Part, PartOptions } from '../part.ts'
import { Subject, callOf } from '../subject.ts'

const defaultRounds = 3
const connections = 32
/** Above this many keys the memory store has to forget some. */
const mostKeys = 100_000
/** Calls a second of the account that has used up its limit; the last is more than any server of one core answers. */
const rates = [0, 1_000, 5_000, 100_000]
const othersForMs = 3_000
const othersEveryMs = 4

/** What a flood does to everybody else. */
export const flood: Part = {
  name: 'flood',
  title: 'what a flood of new accounts, or of one that is refused, does to everybody else',
  async run(options) {
    return [await floodOfKeys(options), await floodOfRefusals(options), await floodOfThePolicy(options)]
  },
}

/** [R35] Every call from an account never seen before, and the store full: against calls of 1,000 known accounts. */
async function floodOfKeys(options: PartOptions): Promise<Table> {
  const { rounds = 10 } = options
  const subject = await Subject.start({ framework: 'node', guard: 'holdfast', limit: 1_000_000 }, connections, options)
  let strangers = 0
  const known = (count: number): string[] => Array.from({ length: count }, (_, index) => callOf(`account-${index % 1_000}`))
  const unknown = (count: number): string[] => Array.from({ length: count }, () => callOf(`stranger-${strangers++}`))
  try {
    await subject.cpuUs(known(40_000), 200)
    progress(`  filling the store`)
    while (strangers < mostKeys * 1.1) await subject.cpuUs(unknown(10_000), 200)
    const [before, during]: [number[], number[]] = [[], []]
    for (let round = 0; round < rounds; round++) {
      before.push(await subject.cpuUs(known(2_000), 200))
      during.push(await subject.cpuUs(unknown(2_000), 200))
    }
    return {
      title: 'flood: node:http, every call from an account never seen before',
      unit: 'us CPU a request',
      notes: [
        `[R35] ratio: CPU of a request of the flood / of one of 1,000 known accounts, while the store holds all ${mostKeys} keys it may`,
      ],
      rows: [
        { name: '1,000 known accounts', measured: spreadOf(before) },
        { name: 'new accounts only', measured: spreadOf(during), ratio: spreadOf(ratios(during, before)), target: { atMost: 2 } },
      ],
    }
  } finally {
    await subject.stop()
  }
}

/** [R42] One account far beyond its limit, and what others wait for. */
async function floodOfRefusals(options: PartOptions): Promise<Table> {
  const { rounds = defaultRounds } = options
  const subject = await Subject.start({ framework: 'node', guard: 'holdfast', limit: 5_000 }, 1, options)
  const spec = { port: subject.port, account: 'attacker' }
  const attacker = await startProcess(new URL('../flood/attacker.ts', import.meta.url), spec, options)
  const p99: number[][] = rates.map(() => [])
  const refused: number[][] = rates.map(() => [])
  try {
    // Uses the limit up, and warms the server up.
    await attacker.ask({ ask: '5000' })
    await sleep(6_000)
    for (let round = 0; round < rounds; round++)
      for (const [index, rate] of rates.entries()) {
        const before = (await attacker.ask({ ask: String(rate) })) as number
        const startedAt = performance.now()
        await sleep(300)
        p99[index]?.push(await p99OfOthers(subject))
        const after = (await attacker.ask({ ask: '0' })) as number
        refused[index]?.push((after - before) / ((performance.now() - startedAt) / 1_000))
        await sleep(300)
      }
    const name = (index: number): string =>
      `${rates[index]?.toLocaleString('en')}/s sent, ${spreadOf(refused[index] ?? []).median.toFixed(0)}/s refused`
    return {
      title: 'flood: node:http, one account far beyond its limit',
      unit: 'ms, p99 of others',
      notes: [
        '[R42] ratio: p99 of the calls of other accounts / p99 without the attack; attacker, server and others have a process each',
        'Calls are pipelined over eight connections. The last rate is more than a server of one core reads: then 200 of its calls wait at any time.',
      ],
      rows: rates.map((_, index) => rowOf(name(index), p99, index)),
    }
  } finally {
    await attacker.stop()
    await subject.stop()
  }
}

/** 1,000 accounts, one call every few milliseconds. */
async function p99OfOthers(subject: Subject): Promise<number> {
  const latencies: number[] = []
  const endsAt = performance.now() + othersForMs
  for (let call = 0; performance.now() < endsAt; call++) {
    const { latenciesMs, statuses } = await subject.send([callOf(`account-${call % 1_000}`)])
    if (statuses.get(200) !== 1) throw new Error('another account than the attacker was refused')
    latencies.push(...latenciesMs)
    await sleep(othersEveryMs)
  }
  return quantile(
    latencies.toSorted((a, b) => a - b),
    0.99,
  )
}

/** [R42] without HTTP, which no single core serves 100,000 times a second. */
async function floodOfThePolicy({ rounds = defaultRounds }: PartOptions): Promise<Table> {
  const p99: number[][] = rates.map(() => [])
  const refused: number[][] = rates.map(() => [])
  await floodPolicy(20_000, 2)
  for (let round = 0; round < rounds; round++)
    for (const [index, rate] of rates.entries()) {
      const { ms, refusedPerSecond } = await floodPolicy(rate, 3)
      p99[index]?.push(
        quantile(
          ms.toSorted((a, b) => a - b),
          0.99,
        ),
      )
      refused[index]?.push(refusedPerSecond)
    }
  const name = (index: number): string => `${spreadOf(refused[index] ?? []).median.toFixed(0)}/s refused`
  return {
    title: 'flood: the policy alone, without HTTP, one account far beyond its limit',
    unit: 'ms, p99 of others',
    notes: [
      '[R42] p99 of how late calls of other accounts are answered, counted from when their timers were due; ratio: that / without the attack',
    ],
    rows: rates.map((_, index) => rowOf(name(index), p99, index)),
  }
}

function rowOf(name: string, p99: readonly number[][], index: number): Row {
  const own = p99[index] as number[]
  if (index === 0) return { name: 'no attack', measured: spreadOf(own) }
  return { name, measured: spreadOf(own), ratio: spreadOf(ratios(own, p99[0] as number[])), target: { atMost: 2 } }
}
