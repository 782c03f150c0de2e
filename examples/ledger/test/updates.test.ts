import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createBudget, createFetch, update } from 'holdfast/client'
import type { Updated } from 'holdfast/client'
import { durable, startTestLedger } from './support/ledger.ts'
import type { TestLedger } from './support/ledger.ts'
import { startLossyProxy } from './support/lossy-proxy.ts'

/** A wallet whose nickname is a number: what every client adds one to. */
interface Wallet {
  readonly nickname: string | null
}

const headers = { authorization: 'Bearer key_alice' }
const more = (wallet: Wallet): Wallet => ({ ...wallet, nickname: String(Number(wallet.nickname) + 1) })

describe.each(durable)('a ledger on %s, behind a connection that loses a tenth of its answers', (store) => {
  let ledger: TestLedger
  beforeAll(async () => {
    ledger = await startTestLedger('node', store)
  })
  afterAll(() => ledger.stop())

  /** The state is the first part of a tag; each change of a wallet adds one to it. */
  async function look(id: string): Promise<{ n: number; state: number }> {
    const { json } = await ledger.get(`/wallets/${id}`)
    return { n: Number((json as unknown as Wallet).nickname), state: Number.parseInt(json.etag.slice(1), 36) }
  }

  it('brings 100 clients that add one at once to 100: each change is made once, and known to its client [63] [C5]', async () => {
    const proxy = await startLossyProxy(ledger.url, 0.1, 63)
    const id = await ledger.openWallet()
    const before = await look(id)
    const calls = new Map<string, number>()
    async function one(client: number): Promise<Updated<Wallet>> {
      // Clients on a hundred machines have a retry budget each.
      const budget = createBudget()
      return update<Wallet>(
        createFetch({ budget: () => budget, retries: 8 }),
        `${proxy.url}/wallets/${id}`,
        (wallet, { version }) => {
          const call = `${client} ${version}`
          calls.set(call, (calls.get(call) ?? 0) + 1)
          return more(wallet)
        },
        // Patience for a machine that does other things too.
        { headers, attempts: 100, deadlineMs: 120_000 },
      )
    }
    const updates = await Promise.all(Array.from({ length: 100 }, (_, client) => one(client)))
    await proxy.close()
    const after = await look(id)
    expect([after.n, after.state - before.state]).toEqual([100, 100])
    expect(new Set(updates.map(({ value }) => value.nickname)).size).toBe(100)
    expect(Math.max(...calls.values())).toBe(1)
    expect(proxy.lost).toBeGreaterThan(0)
    // What was written though its answer was lost is answered from the record, and taken for nobody else's.
    expect(updates.some(({ meta }) => meta.replayed)).toBe(true)
    expect(updates.some(({ meta }) => meta.assumed)).toBe(false)
  })

  it('brings a client too far that reads and adds again whenever no answer comes', async () => {
    const proxy = await startLossyProxy(ledger.url, 0.1, 7)
    const url = `${proxy.url}/wallets/${await ledger.openWallet()}`
    for (let left = 40; left > 0;) {
      try {
        const wallet = (await (await fetch(url, { headers })).json()) as Wallet & { etag: string }
        const body = JSON.stringify({ nickname: more(wallet).nickname })
        const fields = { ...headers, 'content-type': 'application/merge-patch+json', 'if-match': wallet.etag }
        if ((await fetch(url, { method: 'PATCH', headers: fields, body })).ok) left -= 1
      } catch {
        // Nobody tells it whether its change was made.
      }
    }
    await proxy.close()
    expect((await look(new URL(url).pathname.split('/')[2] as string)).n).toBeGreaterThan(40)
  })
})
