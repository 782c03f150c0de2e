import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { createClient, order } from './support/client.ts'
import type { Client } from './support/client.ts'
import { adapters, durable, makeStore, startTestLedger, stores } from './support/ledger.ts'
import type { TestLedger } from './support/ledger.ts'
import { postgresUrl } from '../../../test/servers/index.ts'
import { generate } from '../src/hooks/seeded-data.ts'
import { inFolder } from './support/process.ts'

describe.each(adapters)('faults on %s', (adapter) => {
  let ledger: TestLedger
  let ann: string
  let ben: string
  beforeAll(async () => {
    ledger = await startTestLedger(adapter, 'sqlite')
    ann = await ledger.openWallet('1000.00')
    ben = await ledger.openWallet()
  })
  afterAll(() => ledger?.stop())

  const transfer = (key: string) => ledger.post('/transfers', order(ann, ben, '1.00'), { key })
  const arrange = async (kind: string, more: object = {}): Promise<void> => {
    expect((await ledger.post('/_test/fault', { method: 'POST', path: '/transfers', kind, times: 1, ...more })).status).toBe(204)
  }

  it('drop-response: loses the answer, not the effect', async () => {
    await arrange('drop-response')
    await expect(transfer('dropped')).rejects.toThrow('fetch failed')
    const retried = await transfer('dropped')
    expect([retried.status, retried.headers.get('idempotent-replayed')]).toEqual([201, 'true'])
    expect((await ledger.effects()).by_key['dropped']).toBe(1)
  })

  it('throw-after-effect: undoes the effect, and a retry runs', async () => {
    const log = vi.spyOn(console, 'error').mockReturnValue()
    await arrange('throw-after-effect')
    const thrown = await transfer('thrown')
    expect(log).toHaveBeenCalledOnce()
    log.mockRestore()
    expect([thrown.status, thrown.headers.get('content-type')]).toEqual([500, 'application/problem+json'])
    expect(thrown.text).not.toContain('throw-after-effect')
    expect((await ledger.effects()).by_key['thrown']).toBeUndefined()
    const retried = await transfer('thrown')
    expect([retried.status, retried.headers.get('idempotent-replayed')]).toEqual([201, 'false'])
    expect(await ledger.effects()).toMatchObject({ sum: '0.00' })
  })

  it('http-503 and delay: hit as many calls as asked, of that route only', async () => {
    await arrange('http-503', { times: 2 })
    expect((await ledger.post(`/transfers/x/reverse`)).status).toBe(404)
    expect([(await transfer('away')).status, (await transfer('away')).status, (await transfer('away')).status]).toEqual([503, 503, 201])
    await ledger.post('/_test/fault', { method: 'GET', path: '/wallets/:id', kind: 'delay', ms: 200 })
    const startedAt = performance.now()
    await ledger.balanceOf(ann)
    expect(performance.now() - startedAt).toBeGreaterThan(195)
  })

  it('refuses a fault it does not know', async () => {
    const refused = await ledger.post('/_test/fault', { method: 'POST', path: '/transfers', kind: 'fire' })
    expect([refused.status, refused.json.errors[0]?.pointer]).toEqual([400, '/kind'])
  })

  it('moves the clock forward', async () => {
    const before = (await ledger.post('/wallets', { owners: ['A'], display_name: 'A', currency: 'EUR' })).json
    expect((await ledger.post('/_test/clock', { advance_seconds: 86_400 })).status).toBe(200)
    const after = (await ledger.post('/wallets', { owners: ['A'], display_name: 'A', currency: 'EUR' })).json
    expect(Date.parse(after.created_at) - Date.parse(before.created_at)).toBeGreaterThan(86_000_000)
    expect(after.id > before.id).toBe(true)
  })
})

describe.each(durable)('crashes with %s', { timeout: 60_000 }, (store) => {
  it.each([
    ['crash-before-commit', undefined, 'false'],
    ['crash-after-commit', 1, 'true'],
  ])('%s: a retry after the restart has one effect', (kind, effects, replayed) =>
    inFolder(async (start) => {
      const database = await makeStore(store)
      const flags = ['--http', '--port', '0', '--test-hooks', '--store', database.url]
      const first = start(flags)
      const client = createClient(await first.ready)
      const [ann, ben] = [await client.openWallet('10.00'), await client.openWallet()]
      await client.post('/_test/fault', { method: 'POST', path: '/transfers', kind, times: 1 })
      const send = (to: Client) => to.post('/transfers', order(ann, ben, '1.00'), { key: 'crash' })
      await expect(send(client)).rejects.toThrow('fetch failed')
      expect(await first.ended).toEqual({ code: null, signal: 'SIGKILL' })

      const second = start(flags)
      const again = createClient(await second.ready)
      expect((await again.effects()).by_key['crash']).toBe(effects)
      const retried = await send(again)
      expect([retried.status, retried.headers.get('idempotent-replayed')]).toEqual([201, replayed])
      expect(await again.effects()).toMatchObject({ by_key: { crash: 1 }, sum: '0.00' })
      second.child.kill('SIGTERM')
      await second.ended
      await database.remove()
    }),
  )
})

describe.each(stores.filter((store) => store !== 'postgres' || postgresUrl() !== undefined))('reset with %s', (store) => {
  it('makes the same data from the same seed', async () => {
    const ledger = await startTestLedger('node', store)
    const order = { seed: 7, wallets: 30, transfers: 500 }
    try {
      await ledger.openWallet('5.00')
      expect((await ledger.post('/_test/reset', order)).status).toBe(200)
      expect(await ledger.effects()).toEqual({ transfers: 500, by_key: {}, sum: '0.00', entries: 2 * (500 + 30) })
      const wallet = generate(order).wallets[1]?.[0] as string
      const [before, entries] = [await ledger.get(`/wallets/${wallet}`), await ledger.get(`/wallets/${wallet}/entries?limit=100`)]
      expect(entries.json.data.at(-1)?.balance_after).toBe(before.json.balance.value)
      expect((await ledger.post('/_test/reset', order)).status).toBe(200)
      expect((await ledger.get(`/wallets/${wallet}`)).text).toBe(before.text)
      expect((await ledger.get(`/wallets/${wallet}/entries?limit=100`)).text).toBe(entries.text)
      expect((await ledger.post('/_test/reset', { wallets: 1, transfers: 1 })).status).toBe(400)
    } finally {
      await ledger.stop()
    }
  })
})

describe('without --test-hooks', () => {
  it('has no hooks, and keeps no key in clear', () =>
    inFolder(async (start) => {
      const ledger = start(['--http', '--port', '0'])
      const client = createClient(await ledger.ready)
      for (const path of ['/_test/reset', '/_test/fault', '/_test/clock']) expect((await client.post(path, {})).status).toBe(404)
      expect((await client.get('/_test/effects')).status).toBe(404)
    }))
})
