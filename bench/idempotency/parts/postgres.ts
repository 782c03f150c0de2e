import { startPostgres } from '../../../test/servers/postgres.ts'
import type { Row, Table } from '../../harness/report.ts'
import { ratios, spreadOf } from '../../harness/statistics.ts'
import { each, interleave, warmUp } from '../interleave.ts'
import type { Part } from '../part.ts'
import { Subject } from '../subject.ts'
import type { Sample } from '../subject.ts'

const loads = [
  { connections: 1, requestsEach: 150 },
  { connections: 16, requestsEach: 1_000 },
]
const target = { atMost: 1.15 }

/** Exactly-once on Postgres, beside the same handler in a transaction of its own. */
export const postgres: Part = {
  name: 'postgres',
  title: 'exactly-once on Postgres',
  async run(options) {
    const server = await startPostgres({ durable: true })
    const storage = { kind: 'postgres', url: server.url } as const
    const tables: Table[] = []
    try {
      for (const { connections, requestsEach } of loads) {
        const subjects = [
          await Subject.start('bare', { framework: 'node', guard: 'bare', storage }, connections, options),
          await Subject.start('by hand', { framework: 'node', guard: 'by-hand', storage }, connections, options),
          await Subject.start('holdfast', { framework: 'node', guard: 'holdfast', storage }, connections, options),
        ]
        try {
          await subjects[2]?.assertReplays()
          await warmUp(subjects, connections === 1 ? 600 : 8_000)
          const [bare, byHand, keyed] = await interleave(subjects, { rounds: options.rounds ?? 15, requestsEach }, { withReplays: false })
          if (bare !== undefined && byHand !== undefined && keyed !== undefined)
            tables.push(table(connections, bare.first, byHand.first, keyed.first))
        } finally {
          await Promise.all(subjects.map((subject) => subject.stop()))
        }
      }
    } finally {
      await server.stop()
    }
    return tables
  },
}

function table(connections: number, bare: readonly Sample[], byHand: readonly Sample[], keyed: readonly Sample[]): Table {
  const rows = (what: string, pick: (sample: Sample) => number, asCost: boolean): Row[] => {
    const plain = each(bare, pick)
    const costOf = (samples: readonly Sample[]): Pick<Row, 'measured' | 'ratio'> => {
      const own = each(samples, pick)
      return { measured: spreadOf(own), ratio: spreadOf(asCost ? ratios(own, plain) : ratios(plain, own)) }
    }
    return [
      { name: `${what}: plain transaction`, measured: spreadOf(plain) },
      { name: `${what}: keys by hand`, ...costOf(byHand) },
      { name: `${what}: holdfast`, ...costOf(keyed), target },
    ]
  }
  return {
    title: `Postgres, durable: exactly-once POST on node:http, ${connections} ${connections === 1 ? 'connection' : 'connections'}`,
    unit: 'measured',
    notes: [
      'ratio: cost / cost of the plain transaction (BEGIN, INSERT, COMMIT), round by round; CPU without the Postgres server',
      'keys by hand: a row claimed with ON CONFLICT DO NOTHING and updated with the answer, in the same transaction; nothing scoped, sealed, joined or counted',
    ],
    rows: [
      ...rows('latency p50, ms', ({ latencyP50Ms }) => latencyP50Ms, true),
      ...rows('us CPU a request', ({ cpuUs }) => cpuUs, true),
      ...rows('calls/s', ({ perSecond }) => perSecond, false),
      { name: 'round trips a call: plain transaction', measured: spreadOf(each(bare, ({ roundTripsEach }) => roundTripsEach)) },
      { name: 'round trips a call: keys by hand', measured: spreadOf(each(byHand, ({ roundTripsEach }) => roundTripsEach)) },
      { name: 'round trips a call: holdfast', measured: spreadOf(each(keyed, ({ roundTripsEach }) => roundTripsEach)) },
    ],
  }
}
