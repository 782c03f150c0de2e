import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { seededRandom } from 'holdfast/testing'

/** A connection to a server that loses answers: the request arrives and has its effect, the caller sees a reset. */
export interface LossyProxy {
  readonly url: string
  /** Answers that came from the server, those that were lost included. */
  readonly answers: number
  readonly lost: number
  close(): Promise<void>
}

/**
 * Starts one on loopback. Which answers are lost is drawn from the seed, in the order in which they come.
 *
 * @param share of the answers that is lost, from 0 to 1
 */
export async function startLossyProxy(target: string, share: number, seed: number): Promise<LossyProxy> {
  const { hostname, port } = new URL(target)
  const random = seededRandom(seed)
  const sockets = new Set<Socket>()
  let [answers, lost] = [0, 0]
  const keep = (socket: Socket): Socket => {
    sockets.add(socket)
    return socket
      .setNoDelay(true)
      .on('error', () => undefined)
      .on('close', () => sockets.delete(socket))
  }

  const server = createServer((client) => {
    keep(client)
    const upstream = keep(connect(Number(port), hostname))
    // Callers of HTTP/1.1 send the next request when they have the answer to the last one.
    let isAnswering = false
    client.on('data', (chunk) => {
      isAnswering = false
      upstream.write(chunk)
    })
    upstream.on('data', (chunk) => {
      if (!isAnswering) {
        isAnswering = true
        answers += 1
        if (random() < share) {
          lost += 1
          upstream.destroy()
          client.resetAndDestroy()
        }
      }
      if (!client.destroyed) client.write(chunk)
    })
    client.on('close', () => upstream.destroy())
    upstream.on('close', () => client.end())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get answers() {
      return answers
    },
    get lost() {
      return lost
    },
    async close() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
