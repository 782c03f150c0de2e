import { Load } from '../harness/load.ts'
import { startProcess } from '../harness/server-process.ts'
import type { ServerProcess, StartOptions } from '../harness/server-process.ts'
import { quantile } from '../harness/statistics.ts'
import type { LoopDelay } from '../harness/event-loop-delay.ts'
import { newTransfers } from './requests.ts'
import type { ServerSpec, Usage } from './server/spec.ts'

/** What one burst cost a server. */
export interface Sample {
  /** CPU time of the server's process, all its threads, a request. */
  readonly cpuUs: number
  readonly perSecond: number
  readonly latencyP50Ms: number
  /** How often the handler ran. */
  readonly runs: number
  readonly roundTripsEach: number
}

/** A server that is measured. */
export class Subject {
  readonly name: string
  readonly #process: ServerProcess
  readonly #load: Load

  private constructor(name: string, process: ServerProcess, load: Load) {
    this.name = name
    this.#process = process
    this.#load = load
  }

  static async start(name: string, spec: ServerSpec, connections: number, options: StartOptions): Promise<Subject> {
    const process = await startProcess(new URL('server/main.ts', import.meta.url), spec, options)
    const { port } = process.ready as { port: number }
    return new Subject(name, process, await Load.open(port, connections, spec.storage.kind === 'memory'))
  }

  /** Sends requests and checks every answer's status. */
  async measure(requests: readonly string[]): Promise<Sample> {
    const before = await this.#usage()
    const { seconds, latenciesMs, statuses } = await this.#load.send(requests)
    const after = await this.#usage()
    if (statuses.get(201) !== requests.length)
      throw new Error(`${this.name}: expected 201 ${requests.length} times, got ${describe(statuses)}`)
    const sorted = latenciesMs.toSorted((a, b) => a - b)
    return {
      cpuUs: (after.cpuUs - before.cpuUs) / requests.length,
      perSecond: requests.length / seconds,
      latencyP50Ms: quantile(sorted, 0.5),
      runs: after.runs - before.runs,
      roundTripsEach: (after.roundTrips - before.roundTrips) / requests.length,
    }
  }

  /** Sends one call twice: it must run once, and both answers must be the same but for the fields that say it is a repeat. */
  async assertReplays(): Promise<void> {
    const call = newTransfers(1)
    const before = await this.#usage()
    const first = await this.#load.send(call)
    const second = await this.#load.send(call)
    const after = await this.#usage()
    if (after.runs - before.runs !== 1) throw new Error(`${this.name}: a repeated call ran ${after.runs - before.runs} times`)
    const [answer, repeat] = [first.lastAnswer, second.lastAnswer].map((text) => text.slice(text.indexOf('\r\n\r\n')))
    if (answer !== repeat) throw new Error(`${this.name}: a repeat was answered ${repeat}, the first call ${answer}`)
  }

  async watchEventLoop(): Promise<() => Promise<LoopDelay>> {
    await this.#process.ask({ ask: 'watch' })
    return async () => (await this.#process.ask({ ask: 'unwatch' })) as LoopDelay
  }

  async stop(): Promise<void> {
    this.#load.close()
    await this.#process.stop()
  }

  async #usage(): Promise<Usage> {
    return (await this.#process.ask({ ask: 'usage' })) as Usage
  }
}

function describe(statuses: ReadonlyMap<number, number>): string {
  return [...statuses].map(([status, count]) => `${status} ${count} times`).join(', ')
}
