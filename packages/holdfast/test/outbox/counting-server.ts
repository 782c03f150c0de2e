import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { holdfast } from '../../src/adapters/node/index.ts'
import { defineApi } from '../../src/api/index.ts'
import { memory } from '../../src/stores/memory/index.ts'

/** An API behind Holdfast that counts its effects, and remembers who asked for what. */
export interface CountingServer {
  readonly url: string
  /** Requests by entry, each with its key. */
  readonly requests: Map<number, string[]>
  /** Effects by entry. */
  readonly effects: Map<number, number>
  /** Entries in the order their effects happened. */
  readonly order: number[]
  /** Told of each effect before its answer. */
  onEffect: (count: number) => void
  close(): Promise<void>
}

/** Starts it on loopback. Its answers leave some milliseconds after their effects, so that a kill finds requests between the two. */
export async function startCountingServer(answerAfterMs: number): Promise<CountingServer> {
  const counting: Omit<CountingServer, 'url' | 'close'> = { requests: new Map(), effects: new Map(), order: [], onEffect: () => {} }
  let count = 0
  const api = defineApi({
    store: memory(),
    singleTenant: true,
    secret: 'a secret for tests, of some length',
    routes: { 'POST /things': { idempotency: 'at-most-once' } },
  })
  const handled = holdfast(api, (request, response) => {
    const entry = Number(request.headers['x-entry'])
    counting.effects.set(entry, (counting.effects.get(entry) ?? 0) + 1)
    counting.order.push(entry)
    counting.onEffect(++count)
    setTimeout(() => response.writeHead(201).end(), answerAfterMs)
  })
  const server = createServer((request, response) => {
    // Before Holdfast sees them: what it turns away or answers from its record is counted, too.
    const [entry, key] = [Number(request.headers['x-entry']), String(request.headers['idempotency-key'])]
    counting.requests.set(entry, [...(counting.requests.get(entry) ?? []), key])
    handled(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return Object.assign(counting, {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      void api.drain()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  })
}
