import { progress } from '../../harness/progress.ts'
import type { Client } from '../clients/client.ts'
import { clients } from '../clients/all.ts'
import { observe } from '../matrix/observe.ts'
import type { Observation } from '../matrix/observe.ts'
import { render } from '../matrix/render.ts'
import { scenarios } from '../matrix/scenarios.ts'
import type { Scenario } from '../matrix/scenarios.ts'
import type { Part } from '../part.ts'

/** What one client did in one scenario; `undefined` where it cannot be asked. */
export interface Cell {
  readonly client: string
  readonly observed: Observation | undefined
  /** Effects of the same on an API to which keys mean nothing; for POST. */
  readonly effectsWithoutKeys: number | undefined
}

/** A scenario, and how every client met it. */
export interface MatrixRow {
  readonly scenario: Pick<Scenario, 'title' | 'wanted' | 'method'>
  readonly cells: readonly Cell[]
}

/** Every client meets every fault of one local server, an API declared to Holdfast with a layer of faults in front. */
export const matrix: Part = {
  name: 'matrix',
  title: 'what clients do when a server fails',
  async run() {
    // Peers that lose an error must not end the comparison.
    process.on('unhandledRejection', (error) => progress(`  an error that a client lost: ${String(error)}`))
    const rows: MatrixRow[] = []
    for (const scenario of scenarios) {
      progress(`  ${scenario.title}`)
      rows.push({ scenario, cells: await meetAll(scenario) })
    }
    const broken = rows.flatMap(({ scenario, cells }) =>
      cells
        .filter(({ client, observed }) => scenario.method === 'POST' && client.startsWith('holdfast') && (observed?.effects ?? 0) > 1)
        .map(({ client }) => `${client}: ${scenario.title}`),
    )
    if (broken.length > 0) throw new Error(`a keyed POST had its effect more than once: ${broken.join('; ')}`)
    return { text: render(rows), data: rows }
  },
}

async function meetAll(scenario: Scenario): Promise<Cell[]> {
  // Together, since they mostly wait; a crowd of calls has the machine for itself.
  if (scenario.atOnce === undefined) return Promise.all(clients.map((client) => meet(client, scenario)))
  const cells: Cell[] = []
  for (const client of clients) cells.push(await meet(client, scenario))
  return cells
}

async function meet(client: Client, scenario: Scenario): Promise<Cell> {
  const wants = scenario.streams ? 'stream' : scenario.abortAfterMs === undefined ? undefined : 'signal'
  if (wants !== undefined && client.lacks?.includes(wants))
    return { client: client.name, observed: undefined, effectsWithoutKeys: undefined }
  const [observed, without] = await Promise.all([
    observe(client, scenario, true),
    scenario.method === 'POST' ? observe(client, scenario, false) : undefined,
  ])
  return { client: client.name, observed, effectsWithoutKeys: without?.effects }
}
