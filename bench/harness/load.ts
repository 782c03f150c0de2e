import { connect } from 'node:net'
import type { Socket } from 'node:net'

/** What a burst of requests came to, seen from the caller. */
export interface Burst {
  readonly seconds: number
  readonly latenciesMs: readonly number[]
  /** How many answers had each status. */
  readonly statuses: ReadonlyMap<number, number>
  /** The whole of the last answer, head and body. */
  readonly lastAnswer: string
}

/**
 * Sends requests over kept-alive connections, one after the other on each: no pipelining, since real callers wait for their answers.
 * Raw sockets, because a whole client costs as much as the servers that are measured.
 */
export class Load {
  readonly #connections: readonly Connection[]
  readonly #isAwake: boolean

  private constructor(connections: readonly Connection[], isAwake: boolean) {
    this.#connections = connections
    this.#isAwake = isAwake
  }

  /**
   * @param isAwake whether this process keeps running while it sends: waking it for each answer is on the server's bill, and the more so the slower the
   * server is. Not where a third process needs the core.
   */
  static async open(port: number, connections: number, isAwake = false): Promise<Load> {
    return new Load(await Promise.all(Array.from({ length: connections }, () => Connection.open(port))), isAwake)
  }

  async send(requests: readonly string[]): Promise<Burst> {
    const latenciesMs: number[] = []
    const statuses = new Map<number, number>()
    let lastAnswer = ''
    let sent = 0
    const sleepAgain = this.#isAwake ? stayAwake() : undefined
    const startedAt = performance.now()
    const work = async (connection: Connection): Promise<void> => {
      for (let request = requests[sent++]; request !== undefined; request = requests[sent++]) {
        const sentAt = performance.now()
        lastAnswer = await connection.exchange(request)
        latenciesMs.push(performance.now() - sentAt)
        const status = Number(lastAnswer.slice(9, 12))
        statuses.set(status, (statuses.get(status) ?? 0) + 1)
      }
    }
    await Promise.all(this.#connections.map(work))
    sleepAgain?.()
    return { seconds: (performance.now() - startedAt) / 1000, latenciesMs, statuses, lastAnswer }
  }

  close(): void {
    for (const connection of this.#connections) connection.close()
  }
}

function stayAwake(): () => void {
  let turn = setImmediate(function again() {
    turn = setImmediate(again)
  })
  return () => clearImmediate(turn)
}

class Connection {
  readonly #socket: Socket
  #received = ''
  #resolve: ((answer: string) => void) | undefined
  #reject: ((error: Error) => void) | undefined

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.setNoDelay(true)
    socket.setEncoding('latin1')
    socket.on('data', (chunk: string) => this.#take(chunk))
    socket.on('error', (error) => this.#reject?.(error))
    socket.on('close', () => this.#reject?.(new Error('the server closed the connection')))
  }

  static open(port: number): Promise<Connection> {
    return new Promise((resolve, reject) => {
      const socket = connect(port, '127.0.0.1', () => resolve(new Connection(socket)))
      socket.once('error', reject)
    })
  }

  exchange(request: string): Promise<string> {
    return new Promise((resolve, reject) => {
      if (this.#socket.closed) return reject(new Error('the server has closed the connection'))
      this.#resolve = resolve
      this.#reject = reject
      this.#socket.write(request, 'latin1')
    })
  }

  close(): void {
    this.#reject = undefined
    this.#socket.destroy()
  }

  #take(chunk: string): void {
    this.#received += chunk
    if (!isWhole(this.#received)) return
    const answer = this.#received
    this.#received = ''
    this.#resolve?.(answer)
  }
}

function isWhole(text: string): boolean {
  const headEnd = text.indexOf('\r\n\r\n')
  if (headEnd === -1) return false
  const length = /\r\ncontent-length: *(\d+)/i.exec(text)
  if (length === null) return text.endsWith('\r\n0\r\n\r\n')
  return text.length >= headEnd + 4 + Number(length[1])
}
