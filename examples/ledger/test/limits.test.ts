import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { order } from './support/client.ts'
import type { Answered } from './support/client.ts'
import { adapters, startTestLedger } from './support/ledger.ts'
import type { TestLedger } from './support/ledger.ts'

describe.each(adapters)('the rate of an account on %s', (adapter) => {
  let ledger: TestLedger
  let ann: string
  let ben: string
  beforeAll(async () => {
    ledger = await startTestLedger(adapter, 'memory', ['--rate', '20', '--burst', '5'])
    ann = await ledger.openWallet('10.00')
    ben = await ledger.openWallet()
  })
  afterAll(() => ledger?.stop())

  /** Calls until one is refused, however slow this machine is. */
  async function exhaust(): Promise<Answered> {
    for (let call = 0; call < 2_000; call++) {
      const answered = await Promise.all(Array.from({ length: 10 }, () => ledger.get('/wallets/none')))
      const refused = answered.find(({ status }) => status === 429)
      if (refused !== undefined) return refused
    }
    throw new Error('never refused')
  }

  it('is told with every answer, and refuses what is beyond it, of that account alone', async () => {
    const refused = await exhaust()
    expect([refused.json.code, refused.headers.get('ratelimit-policy')]).toEqual([
      'quota-exceeded',
      '"per-second";q=20;w=1;holdfast-burst=5',
    ])
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThanOrEqual(1)
    const other = await ledger.get('/wallets/none', { as: 'key_bob' })
    expect([other.status, other.headers.get('ratelimit')]).toEqual([404, expect.stringMatching(/^"per-second";r=4;t=1$/)])
  })

  it('is one for both keys of the account', async () => {
    await exhaust()
    const answered = await Promise.all(Array.from({ length: 10 }, () => ledger.get('/wallets/none', { as: 'key_alice_2' })))
    expect(answered.some(({ status }) => status === 429)).toBe(true)
  })

  it('leaves the idempotency key of a refused call unused, and counts replays', async () => {
    const eventually = async (send: () => Promise<Answered>): Promise<{ answered: Answered; refusals: number }> => {
      for (let refusals = 0; ; refusals++) {
        const answered = await send()
        if (answered.status !== 429) return { answered, refusals }
      }
    }
    await exhaust()
    const transfer = () => ledger.post('/transfers', order(ann, ben, '1.00'), { key: `limited-${adapter}` })
    const first = await eventually(transfer)
    expect([first.answered.status, first.answered.headers.get('idempotent-replayed')]).toEqual([201, 'false'])
    const again = await eventually(transfer)
    expect([again.answered.headers.get('idempotent-replayed'), again.answered.headers.has('ratelimit')]).toEqual(['true', true])
  })

  it('is not asked of what operators ask for', async () => {
    await exhaust()
    for (let call = 0; call < 20; call++) {
      const { status, headers } = await ledger.get('/healthz')
      expect([status, headers.has('ratelimit')]).toEqual([200, false])
    }
  })
})
