import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { describeWithPostgres, startPostgres } from '../../../../test/servers/index.ts'
import type { RunningServer } from '../../../../test/servers/index.ts'
import { runChaos } from './chaos.ts'

vi.setConfig({ testTimeout: 180_000, hookTimeout: 120_000 })

// Enough for several kills on a machine that does nothing else, and for at least one on any.
const seconds = 6

// Beside one another: most of the time they wait.
describe('three ledgers under load, killed at random, behind connections that fail', { concurrent: true }, () => {
  it('keep every promise on SQLite', async () => {
    const report = await runChaos({ seed: 1, seconds, store: 'sqlite:' })
    expect(report).toMatchObject({ violations: [], rows: report.acknowledged })
    expect(Math.min(report.kills, report.faults, report.acknowledged)).toBeGreaterThan(0)
  })

  describeWithPostgres('over a Postgres that is killed, too', () => {
    let server: RunningServer
    beforeAll(async () => {
      server = await startPostgres()
    })
    afterAll(() => server?.stop())

    it('keep every promise', async () => {
      const report = await runChaos({ seed: 2, seconds, store: server.url, server })
      expect(report).toMatchObject({ violations: [], rows: report.acknowledged })
      expect(Math.min(report.kills, report.faults, report.acknowledged)).toBeGreaterThan(0)
    })
  })
})
