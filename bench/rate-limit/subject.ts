import { Load } from '../harness/load.ts'
import type { Burst } from '../harness/load.ts'
import { startProcess } from '../harness/server-process.ts'
import type { ServerProcess, StartOptions } from '../harness/server-process.ts'
import type { ServerSpec, Usage } from './server/spec.ts'

/** A call as clients send it, for an account. */
export function callOf(account: string): string {
  return `GET /thing HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: application/json\r\nX-Account: ${account}\r\n\r\n`
}

/** A server that is measured. */
export class Subject {
  readonly spec: ServerSpec
  readonly port: number
  readonly #process: ServerProcess
  readonly #load: Load

  private constructor(spec: ServerSpec, port: number, process: ServerProcess, load: Load) {
    this.spec = spec
    this.port = port
    this.#process = process
    this.#load = load
  }

  static async start(spec: ServerSpec, connections: number, options: StartOptions, isAwake = false): Promise<Subject> {
    const process = await startProcess(new URL('server/main.ts', import.meta.url), spec, options)
    const { port } = process.ready as { port: number }
    return new Subject(spec, port, process, await Load.open(port, connections, isAwake))
  }

  get name(): string {
    return `${this.spec.framework}: ${this.spec.guard}`
  }

  /** CPU time of a request, all threads of the server. Every answer must have the status. */
  async cpuUs(calls: readonly string[], status: number): Promise<number> {
    const before = await this.usage()
    const { statuses } = await this.send(calls)
    const after = await this.usage()
    if (statuses.get(status) !== calls.length)
      throw new Error(`${this.name}: expected ${status} ${calls.length} times, got ${JSON.stringify([...statuses])}`)
    return (after.cpuUs - before.cpuUs) / calls.length
  }

  send(calls: readonly string[]): Promise<Burst> {
    return this.#load.send(calls)
  }

  async usage(): Promise<Usage> {
    return (await this.#process.ask({ ask: 'usage' })) as Usage
  }

  async stop(): Promise<void> {
    this.#load.close()
    await this.#process.stop()
  }
}
