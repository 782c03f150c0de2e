import { progress } from '../../harness/progress.ts'
import { hasMet, renderTable } from '../../harness/report.ts'
import type { Row, Table } from '../../harness/report.ts'
import { startProcess } from '../../harness/server-process.ts'
import type { ServerProcess } from '../../harness/server-process.ts'
import { ratios, spreadOf } from '../../harness/statistics.ts'
import type { callers } from '../overhead/callers.ts'
import type { Part } from '../part.ts'

type Name = keyof typeof callers

const names: readonly Name[] = [
  'fetch',
  'fetch with a time limit',
  'holdfast over fetch',
  'holdfast over undici',
  'undici request',
  'ky',
  'got',
  'axios',
  'ofetch',
]
const callsEach = 2_000
const warmUpRounds = 3
/** Over somebody's own fetch it must be nearly free; over undici a call must be this many times cheaper than one of fetch, and of others. */
const overFetch = { atMost: 1.1 }
const cheaperThanFetch = { GET: 2.3, POST: 3.5 } as const
const cheaperThanPeers = { atLeast: 4 }
const peers: readonly Name[] = ['axios', 'got', 'ky']

/** Processor time of successful calls, warm, eight at once. */
export const overhead: Part = {
  name: 'overhead',
  title: 'what clients cost when nothing fails',
  async run(rounds = 20) {
    const options = { profileFolder: undefined }
    const server = await startProcess(new URL('../overhead/server.ts', import.meta.url), {}, options)
    const origin = `http://127.0.0.1:${(server.ready as { port: number }).port}`
    const processes = await Promise.all(
      names.map((caller) => startProcess(new URL('../overhead/caller.ts', import.meta.url), { origin, caller }, options)),
    )
    try {
      const tables = [await measure('GET', processes, rounds), await measure('POST', processes, rounds)]
      const judged = tables.map((table) => ({ ...table, rows: table.rows.map((row) => ({ ...row, met: hasMet(row) })) }))
      return { text: tables.map((table) => renderTable(table)).join('\n\n'), data: judged }
    } finally {
      await Promise.all([...processes, server].map((process) => process.stop()))
    }
  },
}

async function measure(method: 'GET' | 'POST', processes: readonly ServerProcess[], rounds: number): Promise<Table> {
  const measured = new Map(names.map((name): [Name, number[]] => [name, []]))
  for (let round = -warmUpRounds; round < rounds; round++) {
    const order = round % 2 === 0 ? [...names.keys()] : [...names.keys()].toReversed()
    for (const at of order) {
      const { cpuUs } = (await (processes[at] as ServerProcess).ask({ ask: `${method} ${callsEach}` })) as { cpuUs: number }
      if (round >= 0) measured.get(names[at] as Name)?.push(cpuUs)
    }
    if (round >= 0 && (round + 1) % 5 === 0) progress(`  ${method}, round ${round + 1} of ${rounds}`)
  }
  return toTable(method, measured)
}

function toTable(method: 'GET' | 'POST', measured: ReadonlyMap<Name, number[]>): Table {
  const of = (name: Name): number[] => measured.get(name) as number[]
  const against = (dividend: Name, divisor: Name): Pick<Row, 'ratio'> => ({ ratio: spreadOf(ratios(of(dividend), of(divisor))) })
  const absolute = names.map((name): Row => ({ name, measured: spreadOf(of(name)), ...against(name, 'fetch') }))
  return {
    title: `a successful ${method}`,
    unit: 'us CPU a call',
    notes: ['ratios of the upper rows: to fetch alone'],
    rows: [
      ...absolute.map((row) => (row.name === 'holdfast over fetch' ? { ...row, target: overFetch } : row)),
      { name: 'holdfast over fetch / fetch with a time limit', ...against('holdfast over fetch', 'fetch with a time limit') },
      { name: 'fetch / holdfast over undici', ...against('fetch', 'holdfast over undici'), target: { atLeast: cheaperThanFetch[method] } },
      ...peers.map((peer): Row => ({
        name: `${peer} / holdfast over undici`,
        ...against(peer, 'holdfast over undici'),
        target: cheaperThanPeers,
      })),
    ],
  }
}
