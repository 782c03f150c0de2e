import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { httpPages, walkList } from 'holdfast/testing'
import type { WalkChurn } from 'holdfast/testing'
import { postgresUrl } from '../../../test/servers/index.ts'
import { generate } from '../src/hooks/seeded-data.ts'
import { order } from './support/client.ts'
import { startTestLedger, stores } from './support/ledger.ts'
import type { TestLedger } from './support/ledger.ts'

const isFull = process.env['HOLDFAST_FULL_WALKS'] !== undefined
const sizes = isFull ? Array.from({ length: 50 }, (_, n) => n + 1) : [9]
const seed = { seed: 5, wallets: 60, transfers: 60 }
const headers = { authorization: 'Bearer key_alice' }

interface Wallet {
  readonly id: string
  readonly etag: string
}

/** Callers who open wallets, rename them and move money. Nothing of a ledger is ever deleted, but a closed wallet leaves `status=open`. */
function churnOf(ledger: TestLedger): WalkChurn {
  const names = ['Ann', 'Борис', '王小明', 'ann', 'Zoë']
  async function change(method: 'PATCH' | 'DELETE', id: string, body?: object): Promise<void> {
    const { etag } = (await ledger.get(`/wallets/${id}`)).json as unknown as Wallet
    const response = await fetch(`${ledger.url}/wallets/${id}`, {
      method,
      headers: { ...headers, 'if-match': etag, 'content-type': 'application/merge-patch+json', 'idempotency-key': randomUUID() },
      ...(body && { body: JSON.stringify(body) }),
    })
    await response.text()
    if (response.status >= 400) throw new Error(`${method} ${id}: ${response.status}`)
  }
  return {
    async insert(random) {
      const display_name = names[Math.floor(random() * names.length)]
      const made = await ledger.post('/wallets', {
        owners: ['Ann'],
        display_name,
        currency: 'EUR',
        ...(random() < 0.5 && { nickname: display_name }),
      })
      return made.json.id
    },
    remove: (id) => change('DELETE', id),
    rekey: (id, random) =>
      change('PATCH', id, {
        display_name: names[Math.floor(random() * names.length)],
        nickname: random() < 0.3 ? null : `n${random()}`.slice(0, 5),
      }),
  }
}

describe.each(stores.filter((store) => store !== 'postgres' || postgresUrl() !== undefined))('walks of the ledger on %s', (store) => {
  let ledger: TestLedger
  beforeAll(async () => {
    ledger = await startTestLedger('node', store)
    await ledger.post('/_test/reset', seed)
  })
  afterAll(() => ledger.stop())

  const sorts = ['-created_at', 'created_at', 'display_name', 'nickname', '-balance']
  it.each(sorts)(
    'give each wallet that stays exactly once, both ways, while three callers open, close and rename others, by %s [P10]',
    async (sort) => {
      const path = `/wallets?sort=${sort}&status=open`
      const pages = httpPages(`${ledger.url}${path}`, { headers })
      const mine = new Set(
        generate(seed)
          .wallets.slice(1)
          .map(([id]) => id as string),
      )
      for (const limit of sizes) {
        const here = await walk(pages)
        const report = await walkList({
          page: pages,
          stable: here.filter((id) => mine.has(id)),
          // What earlier walks left.
          volatile: here.filter((id) => !mine.has(id)),
          limit,
          churn: churnOf(ledger),
          seed: limit,
          mostVolatile: 60,
        })
        expect(report.violations).toEqual([])
        expect(report.changes).toBeGreaterThan(0)
      }
    },
  )

  it('give each transfer that was there exactly once, both ways, while three callers move money [P10]', async () => {
    const [from, to] = generate(seed)
      .wallets.slice(1)
      .map(([id]) => id as string) as [string, string]
    const pages = httpPages(`${ledger.url}/transfers`, { headers })
    const stable = await walk(pages)
    const churn: WalkChurn = {
      insert: async () => (await ledger.post('/transfers', order(from, to, '0.01'))).json.id,
      remove: async () => undefined,
    }
    const report = await walkList({ page: pages, stable, limit: 7, churn, mostVolatile: 1e9 })
    expect(report.violations).toEqual([])
  })
})

async function walk(page: ReturnType<typeof httpPages>): Promise<string[]> {
  const ids: string[] = []
  for (let cursor: string | undefined, more = true; more;) {
    const got = await page({ cursor, limit: 100 })
    ids.push(...got.ids)
    cursor = got.next
    more = cursor !== undefined
  }
  return ids
}
