import { randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** Another system that honours idempotency keys, as payment providers do. It outlives the servers that call it. */
export interface Provider {
  readonly url: string
  /** How often it was asked, and how often it acted, for one label of one key of ours. */
  seen(key: string, label: string): { readonly requests: number; readonly effects: number }
  close(): Promise<void>
}

/** Starts a provider on loopback. */
export async function startProvider(): Promise<Provider> {
  const receipts = new Map<string, string>()
  const log: { order: string; isEffect: boolean }[] = []
  const server = createServer((request, response) => {
    let text = ''
    request.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
    request.on('end', () => {
      const derived = String(request.headers['idempotency-key'])
      const { key, label } = JSON.parse(text) as { key: string; label: string }
      log.push({ order: `${key}/${label}`, isEffect: !receipts.has(derived) })
      const receipt = receipts.get(derived) ?? randomUUID()
      receipts.set(derived, receipt)
      response.end(JSON.stringify({ receipt }))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    seen(key, label) {
      const found = log.filter(({ order }) => order === `${key}/${label}`)
      return { requests: found.length, effects: found.filter(({ isEffect }) => isEffect).length }
    },
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
