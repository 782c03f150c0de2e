import { connect, createServer } from 'node:net'
import type { AddressInfo, Server } from 'node:net'

/** A proxy on loopback that counts how often the client has spoken and been answered, and can lose an answer. */
export interface RedisProxy {
  readonly url: string
  /** Round trips since the last call of this: the client wrote, then the server did. */
  takeRoundTrips(): number
  /** Cuts the connection instead of handing on the next reply: the server has done what it was asked to. */
  loseNextReply(): void
  close(): void
}

/** Starts a proxy in front of a server. */
export async function startRedisProxy(port: number): Promise<RedisProxy> {
  let roundTrips = 0
  let losing = false
  const server: Server = createServer((downstream) => {
    const upstream = connect(port, '127.0.0.1')
    let asked = false
    downstream.on('data', (chunk) => {
      asked = true
      upstream.write(chunk)
    })
    const end = (): void => {
      upstream.destroy()
      downstream.destroy()
    }
    upstream.on('data', (chunk) => {
      if (losing) {
        losing = false
        return end()
      }
      // A long reply comes in several chunks; only the first answers.
      if (asked) roundTrips += 1
      asked = false
      downstream.write(chunk)
    })
    for (const socket of [upstream, downstream]) socket.on('error', end).on('close', end)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `redis://127.0.0.1:${(server.address() as AddressInfo).port}`,
    takeRoundTrips() {
      const taken = roundTrips
      roundTrips = 0
      return taken
    },
    loseNextReply() {
      losing = true
    },
    close: () => void server.close(),
  }
}
