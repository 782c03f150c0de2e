import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { openApplication } from './application.ts'
import { meet } from './faults.ts'
import type { Fault } from './faults.ts'

/** One request as it came in. */
export interface Seen {
  readonly at: number
  readonly key: string | undefined
  /** Of a PUT, whose body is read before anything else happens. */
  readonly body: string | undefined
}

/** A server that does to each request what it is told. */
export interface FaultyServer {
  readonly origin: string
  readonly seen: readonly Seen[]
  readonly effects: () => number
  readonly sockets: { open: number; most: number }
  close(): void
}

/** @param faultOf what meets a request; requests count from 1 */
export async function startFaultyServer(faultOf: (number: number) => Fault, heedsKeys: boolean): Promise<FaultyServer> {
  const application = openApplication(heedsKeys)
  const seen: Seen[] = []
  const sockets = { open: 0, most: 0 }
  const server = createServer((request, response) => {
    const note = (body: string | undefined): void => {
      seen.push({ at: performance.now(), key: request.headers['idempotency-key'] as string | undefined, body })
      meet(faultOf(seen.length), application, request, response)
    }
    if (request.method !== 'PUT') return note(undefined)
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => note(Buffer.concat(chunks).toString()))
    request.on('error', () => {})
  })
  server.on('connection', (socket) => {
    sockets.open += 1
    sockets.most = Math.max(sockets.most, sockets.open)
    socket.on('error', () => {})
    socket.on('close', () => (sockets.open -= 1))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    effects: application.effects,
    sockets,
    close() {
      server.closeAllConnections()
      server.close()
    },
  }
}
