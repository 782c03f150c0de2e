import { expect, it } from 'vitest'
import { describeWithPostgres, startPostgres } from '../../../test/servers/index.ts'
import { parseFlags } from '../src/flags.ts'
import { startLedger } from '../src/server.ts'
import { createClient, order } from './support/client.ts'

describeWithPostgres('when Postgres is away', () => {
  it('answers 503 promptly, has no effect, and goes on by itself afterwards', { timeout: 60_000 }, async () => {
    const postgres = await startPostgres()
    const options = parseFlags(['--http', '--rate', '0', '--port', '0', '--store', postgres.url, '--test-hooks'], {})
    if (options === undefined) throw new Error('no options')
    const running = await startLedger(options, 'a secret for tests, of some length')
    const ledger = createClient(running.url)
    try {
      const [ann, ben] = [await ledger.openWallet('10.00'), await ledger.openWallet()]
      const transfer = () => ledger.post('/transfers', order(ann, ben, '1.00'), { key: 'outage' })
      for (const [stop, start] of [
        ['kill', 'restart'],
        ['pause', 'resume'],
      ] as const) {
        await postgres[stop]()
        const startedAt = performance.now()
        const [ready, read, write] = await Promise.all([ledger.get('/readyz'), ledger.get(`/wallets/${ann}`), transfer()])
        expect([ready.status, read.status, write.status]).toEqual([503, 503, 503])
        expect([ready.json.code, read.json.code, write.json.code]).toEqual(['not-ready', 'store-unavailable', 'store-unavailable'])
        expect(performance.now() - startedAt).toBeLessThan(8000)
        expect((await ledger.get('/healthz')).status).toBe(200)
        await postgres[start]()
        await expect.poll(async () => (await ledger.get('/readyz')).status, { timeout: 15_000 }).toBe(200)
      }
      await expect.poll(async () => (await transfer()).status, { timeout: 15_000 }).toBe(201)
      expect(await ledger.effects()).toMatchObject({ by_key: { outage: 1 }, sum: '0.00' })
    } finally {
      await running.stop()
      await postgres.stop()
    }
  })
})
