import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'

export type Handler = (req: IncomingMessage, res: ServerResponse, body: string) => void

/** A real server on a free port, that does to a connection what it is told. */
export interface FaultyServer {
  readonly origin: string
  /** Requests that came in whole, with their bodies. */
  readonly seen: { readonly method: string; readonly url: string; readonly headers: IncomingMessage['headers']; readonly body: string }[]
  /** Connections that are open just now, and the most there were at once. */
  readonly sockets: { open: number; most: number }
  handle: Handler
  close(): Promise<void>
}

export async function startFaultyServer(handle: Handler = (_req, res) => res.end('fine')): Promise<FaultyServer> {
  const server = createServer((req, res) => {
    const chunks: Buffer[] = []
    req.on('data', (chunk: Buffer) => chunks.push(chunk))
    req.on('error', () => {})
    req.on('end', () => {
      const body = Buffer.concat(chunks).toString()
      faulty.seen.push({ method: req.method ?? '', url: req.url ?? '', headers: req.headers, body })
      faulty.handle(req, res, body)
    })
  })
  const sockets = { open: 0, most: 0 }
  server.on('connection', (socket: Socket) => {
    sockets.open += 1
    sockets.most = Math.max(sockets.most, sockets.open)
    socket.on('error', () => {})
    socket.on('close', () => (sockets.open -= 1))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const faulty: FaultyServer = {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen: [],
    sockets,
    handle,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return faulty
}
