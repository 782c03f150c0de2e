import { describe, expect, it } from 'vitest'
import { storm } from './storm.ts'

// A tenth of what `npm run bench -- backoff storm` runs: the shares are the same, chance weighs more.
const small = { seed: 7, processes: 7, seconds: 70 }

describe('a server that falls behind for ten seconds, called by clients that give up and try again', { timeout: 120_000 }, () => {
  it('is back within 20 s of the outage when retries are paid from the budget [74]', async () => {
    const { recoverySeconds, peakAttempts } = await storm(small)
    expect(recoverySeconds).toBeLessThanOrEqual(20)
    expect(peakAttempts).toBeLessThan(2 * 7 * 10)
  })

  it('never recovers when nothing limits them [74]', async () => {
    const { recoverySeconds, failed, calls } = await storm({ ...small, hasBudget: false })
    expect(recoverySeconds).toBeUndefined()
    expect(failed).toBeGreaterThan(calls / 2)
  })

  it('is back at once when it heeds how long its callers still wait [74]', async () => {
    expect((await storm({ ...small, isAware: true })).recoverySeconds).toBeLessThanOrEqual(1)
  })

  it('is back at once even then when nothing limits their retries, because it begins nothing that it cannot finish in time [74]', async () => {
    expect((await storm({ ...small, isAware: true, hasBudget: false })).recoverySeconds).toBeLessThanOrEqual(1)
  })
})
