import { describe, expect, it } from 'vitest'
import { describeWithPostgres } from '../../../../test/servers/index.ts'
import { seededRandom } from '../../src/testing/index.ts'
import { runDeaths } from './kill.ts'
import type { Death } from './kill.ts'

/** `OUTBOX_KILLS=50 npx vitest run packages/holdfast/test/outbox` kills at fifty random moments more. */
const randomKills = Number(process.env['OUTBOX_KILLS'] ?? 0)

const points: readonly Death[] = ['committed', 'taken', 'sent', 'answered']

function promises(store: string): void {
  it('gives each entry one effect when it is killed between commit and send, and between send and answer [70]', async () => {
    const report = await runDeaths(store, points, 16)
    expect(report).toMatchObject({ kills: points.length, violations: [] })
    // Killed after the effect: sent again, and recognised by its key.
    expect(report.requests).toBeGreaterThan(report.entries)
  })

  if (randomKills > 0)
    it(`gives each entry one effect when it is killed at ${randomKills} random moments [70]`, { timeout: 600_000 }, async () => {
      const chance = seededRandom(70)
      const deaths = Array.from({ length: randomKills }, () => chance() * 150)
      const report = await runDeaths(store, deaths, randomKills * 8)
      console.log(store.slice(0, 8), JSON.stringify(report))
      expect(report).toMatchObject({ kills: randomKills, violations: [] })
    })
}

describe('an outbox in a SQLite file whose process is killed', () => promises('sqlite'))
describeWithPostgres('an outbox in Postgres whose process is killed', (url) => promises(url))
