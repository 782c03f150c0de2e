import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A server that has an effect once for each key, and remembers who asked for what. */
export interface CountingServer {
  readonly url: string
  /** Requests by entry, each with its key. */
  readonly requests: Map<number, string[]>
  /** Effects by entry. */
  readonly effects: Map<number, number>
  /** Entries in the order their effects happened. */
  readonly order: number[]
  /** Told of each request after its effect, before its answer. */
  onEffect: (count: number) => void
  close(): Promise<void>
}

/** Starts it on loopback. Its answers leave some milliseconds after their effects, so that a kill finds requests between the two. */
export async function startCountingServer(answerAfterMs: number): Promise<CountingServer> {
  const answered = new Set<string>()
  const counting: Omit<CountingServer, 'url' | 'close'> = { requests: new Map(), effects: new Map(), order: [], onEffect: () => {} }
  let count = 0
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      const [entry, key] = [Number(request.headers['x-entry']), String(request.headers['idempotency-key'])]
      counting.requests.set(entry, [...(counting.requests.get(entry) ?? []), key])
      const isReplay = answered.has(key)
      if (!isReplay) {
        answered.add(key)
        counting.effects.set(entry, (counting.effects.get(entry) ?? 0) + 1)
        counting.order.push(entry)
      }
      counting.onEffect(++count)
      setTimeout(() => response.writeHead(201, { 'idempotent-replayed': String(isReplay) }).end(), answerAfterMs)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return Object.assign(counting, {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  })
}
