import { Load } from '../../harness/load.ts'
import { progress } from '../../harness/progress.ts'
import type { Row, Table } from '../../harness/report.ts'
import { startProcess } from '../../harness/server-process.ts'
import type { ServerProcess } from '../../harness/server-process.ts'
import { ratios, spreadOf } from '../../harness/statistics.ts'
import type { Part } from '../part.ts'
import type { Around, ServerSpec, Usage } from '../server/spec.ts'

const connections = 8
const requestsEach = 3_000
/** A call that sends no precondition should not notice that its route takes them. */
const target = { atMost: 1.1 }

const calls = {
  'PATCH without a precondition': 'PATCH /thing HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}',
  'GET without a precondition': 'GET /thing HTTP/1.1\r\nhost: bench\r\n\r\n',
} as const

class Subject {
  readonly #process: ServerProcess
  readonly #load: Load

  private constructor(process: ServerProcess, load: Load) {
    this.#process = process
    this.#load = load
  }

  static async start(around: Around): Promise<Subject> {
    const spec: ServerSpec = { kind: 'plain', around }
    const process = await startProcess(new URL('../server/main.ts', import.meta.url), spec, { profileFolder: undefined })
    return new Subject(process, await Load.open((process.ready as { port: number }).port, connections, true))
  }

  async measure(call: string): Promise<number> {
    const before = (await this.#process.ask({ ask: 'usage' })) as Usage
    const { statuses } = await this.#load.send(Array.from({ length: requestsEach }, () => call))
    const after = (await this.#process.ask({ ask: 'usage' })) as Usage
    if (statuses.get(200) !== requestsEach) throw new Error('a call was not answered with 200')
    return (after.cpuUs - before.cpuUs) / requestsEach
  }

  async stop(): Promise<void> {
    this.#load.close()
    await this.#process.stop()
  }
}

const arounds: readonly Around[] = ['account', 'field', 'preconditions']

/** The same handler on a route that takes preconditions, and on one that does not. */
export const cost: Part = {
  name: 'cost',
  title: 'preconditions on calls that send none',
  async run(rounds = 15) {
    const subjects = await Promise.all(arounds.map((around) => Subject.start(around)))
    const tables: Table[] = []
    try {
      for (const [name, call] of Object.entries(calls)) {
        const measured = arounds.map((): number[] => [])
        for (let round = -3; round < rounds; round++) {
          const order = round % 2 === 0 ? [...arounds.keys()] : [...arounds.keys()].toReversed()
          for (const at of order) {
            const cpuUs = await (subjects[at] as Subject).measure(call)
            if (round >= 0) measured[at]?.push(cpuUs)
          }
        }
        progress(`  ${name}`)
        tables.push(toTable(name, measured as [number[], number[], number[]]))
      }
    } finally {
      await Promise.all(subjects.map((subject) => subject.stop()))
    }
    return tables
  },
}

function toTable(name: string, [account, field, preconditions]: [number[], number[], number[]]): Table {
  // A read has its tag completed, so it is held against the cheapest policy that changes an answer; a write is left alone.
  const isRead = name.startsWith('GET')
  const rows: Row[] = [
    { name: 'account step alone', measured: spreadOf(account) },
    { name: 'and a policy that adds a field', measured: spreadOf(field), ratio: spreadOf(ratios(field, account)) },
    {
      name: "and precondition: 'optional', to account step",
      measured: spreadOf(preconditions),
      ratio: spreadOf(ratios(preconditions, account)),
      ...(!isRead && { target }),
    },
    ...(isRead
      ? [{ name: "precondition: 'optional', to a policy that adds a field", ratio: spreadOf(ratios(preconditions, field)), target }]
      : []),
  ]
  return { title: `node:http, ${name}`, unit: 'us CPU a request', notes: [], rows }
}
