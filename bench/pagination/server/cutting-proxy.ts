import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'

/** A proxy that breaks connections. */
export interface CuttingProxy {
  readonly port: number
  /** How many connections it broke. */
  cuts(): number
  close(): void
}

/**
 * Passes connections on to a port, and resets each at both ends once so many bytes have come back.
 *
 * @param nextCut bytes until the next break; none leaves a connection whole
 */
export function startCuttingProxy(to: number, nextCut: () => number | undefined): Promise<CuttingProxy> {
  let cuts = 0
  const open = new Set<Socket>()
  const server = createServer((inbound) => {
    const outbound = connect(to, '127.0.0.1')
    for (const socket of [inbound, outbound]) {
      open.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => {
        open.delete(socket)
        inbound.destroy()
        outbound.destroy()
      })
    }
    inbound.pipe(outbound)
    let left = nextCut() ?? Number.POSITIVE_INFINITY
    outbound.on('data', (bytes: Buffer) => {
      const passed = bytes.subarray(0, left)
      left -= passed.length
      if (left > 0) {
        if (!inbound.write(passed)) {
          outbound.pause()
          inbound.once('drain', () => outbound.resume())
        }
        return
      }
      cuts += 1
      outbound.destroy()
      // What was passed on may still arrive, in the middle of a line; then comes the reset.
      inbound.write(passed, () => inbound.resetAndDestroy())
    })
  })
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () =>
      resolve({
        port: (server.address() as AddressInfo).port,
        cuts: () => cuts,
        close: () => {
          server.close()
          for (const socket of open) socket.destroy()
        },
      }),
    )
  })
}
