import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/** What becomes of one attempt on its way. */
export const fates = ['arrives', 'drop request', 'drop response', 'cut response', 'duplicate', 'delay', '503'] as const
export type Fate = (typeof fates)[number]

/** The header field by which a caller's attempt names its fate, so that one seed gives one schedule. */
export const fateHeader = 'x-fate'

/** A proxy on loopback that loses, cuts, repeats and delays what passes through it. */
export interface FaultProxy {
  readonly url: string
  close(): Promise<void>
}

const refusal = 'HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\nconnection: close\r\n\r\n'
const delayMs = 150

/** Starts a proxy in front of a server. Every connection carries one request, as this suite's callers send it. */
export async function startFaultProxy(target: string): Promise<FaultProxy> {
  const { hostname, port } = new URL(target)
  const sockets = new Set<Socket>()
  const keep = (socket: Socket): Socket => {
    sockets.add(socket)
    return socket.on('error', () => undefined).on('close', () => sockets.delete(socket))
  }
  const upstream = (): Socket => keep(connect(Number(port), hostname))

  async function carry(client: Socket, request: Buffer): Promise<void> {
    const fate = fates.find((known) => request.includes(`${fateHeader}: ${known}\r\n`)) ?? 'arrives'
    if (fate === 'drop request') return void client.resetAndDestroy()
    if (fate === '503') return void client.end(refusal)
    if (fate === 'delay') await sleep(delayMs)
    if (fate === 'duplicate') {
      const twin = upstream()
      twin.resume().write(request)
    }
    const server = upstream()
    server.write(request)
    server.on('data', (chunk) => {
      if (fate === 'drop response') client.resetAndDestroy()
      else if (fate === 'cut response') client.write(chunk.subarray(0, chunk.length / 2), () => client.resetAndDestroy())
      else client.write(chunk)
    })
    server.on('close', () => client.destroy())
    client.on('close', () => {
      // Whoever loses the answer leaves the request running.
      if (fate === 'arrives') server.destroy()
    })
  }

  const server = createServer((client) => {
    keep(client)
    let request = Buffer.alloc(0)
    client.on('data', (chunk) => {
      request = Buffer.concat([request, chunk])
      const head = request.indexOf('\r\n\r\n')
      const length = Number(/content-length: (\d+)/i.exec(request.toString('latin1'))?.[1])
      if (head < 0 || request.length < head + 4 + length) return
      client.removeAllListeners('data')
      void carry(client, request)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
