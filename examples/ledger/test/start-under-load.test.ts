import pg from 'pg'
import { expect, it } from 'vitest'
import { describeWithPostgres } from '../../../test/servers/index.ts'
import { parseFlags } from '../src/flags.ts'
import { startLedger } from '../src/server.ts'
import { makeStore } from './support/ledger.ts'

describeWithPostgres('a ledger that starts beside one at work', () => {
  it('waits for no transfer, and lets none wait', { timeout: 60_000 }, async () => {
    const store = await makeStore('postgres')
    const options = parseFlags(['--http', '--rate', '0', '--port', '0', '--store', store.url], {})
    if (options === undefined) throw new Error('no options')
    const start = () => startLedger(options, 'a secret for tests, of some length')
    const first = await start()
    const transfer = new pg.Client({ connectionString: store.url })
    await transfer.connect()
    try {
      await transfer.query('BEGIN; LOCK TABLE wallets, transfers, entries IN ROW EXCLUSIVE MODE; SET lock_timeout = 5000')
      const second = await start()
      await second.stop()
      await transfer.query('COMMIT')
    } finally {
      await transfer.end()
      await first.stop()
      await store.remove()
    }
    expect(first.url).toMatch(/^http:/)
  })
})
