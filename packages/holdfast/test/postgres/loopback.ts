import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'

/** What happens to a message on its way to the server. */
export type Fate =
  | 'pass'
  /** It arrives, but the client's connection is gone before the answer. */
  | 'cut after'
  /** It is lost, and both connections with it. */
  | 'cut before'
  /** The client's connection is gone at once; the message arrives late. */
  | 'cut and deliver late'

/** A proxy on loopback in front of Postgres that counts round trips and loses messages. */
export interface Loopback {
  readonly url: string
  /** Times a client spoke after the server did: what a caller had to wait for. */
  readonly roundTrips: number
  /** Decides over each chunk a client sends. */
  onMessage: (text: string) => Fate
  close(): Promise<void>
}

/** How late a late message is: long enough for a caller to have looked the outcome up in vain. */
const lateMs = 400

export async function startLoopback(target: string): Promise<Loopback> {
  const { port, hostname, pathname } = new URL(target)
  const sockets = new Set<Socket>()
  let roundTrips = 0
  const server = createServer((client) => {
    client.setNoDelay(true)
    const upstream = connect({ port: Number(port), host: hostname, noDelay: true })
    let serverSpokeLast = true
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => sockets.delete(socket))
    }
    let isCut = false
    client.on('data', (chunk) => {
      if (serverSpokeLast) roundTrips += 1
      serverSpokeLast = false
      const fate = loopback.onMessage(chunk.toString('latin1'))
      if (fate === 'pass') return void upstream.write(chunk)
      isCut = true
      client.destroy()
      if (fate === 'cut before') return void upstream.destroy()
      const deliver = (): void => {
        upstream.write(chunk)
        setTimeout(() => upstream.destroy(), 200)
      }
      if (fate === 'cut after') deliver()
      else setTimeout(deliver, lateMs)
    })
    upstream.on('data', (chunk) => {
      serverSpokeLast = true
      client.write(chunk)
    })
    client.on('close', () => {
      if (!isCut) upstream.destroy()
    })
    upstream.on('close', () => client.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const loopback: Loopback = {
    url: `postgres://postgres@127.0.0.1:${(server.address() as AddressInfo).port}${pathname}`,
    get roundTrips() {
      return roundTrips
    },
    onMessage: () => 'pass',
    close: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return loopback
}
