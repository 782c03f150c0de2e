import { describe, expect, it } from 'vitest'
import { describeWithPostgres } from '../../../../test/servers/index.ts'
import { drawDeaths, runDeaths } from './kill.ts'
import type { Death } from './kill.ts'

/** `npm run chaos -- outbox --kills 50` is the same with more of them. */
const randomKills = 5

const points: readonly Death[] = ['committed', 'taken', 'sent', 'answered']

function promises(store: string): void {
  it('gives each entry one effect when it is killed between commit and send, and between send and answer [70]', async () => {
    const report = await runDeaths(store, points, 16)
    expect(report).toMatchObject({ kills: points.length, violations: [] })
    // Killed after the effect: sent again, and recognised by its key.
    expect(report.requests).toBeGreaterThan(report.entries)
  })

  it('gives each entry one effect when it is killed at random [70]', async () => {
    const report = await runDeaths(store, drawDeaths(randomKills, 70), randomKills * 8)
    expect(report.violations).toEqual([])
    expect(report.kills).toBeGreaterThan(1)
  })
}

describe('an outbox in a SQLite file whose process is killed', () => promises('sqlite'))
describeWithPostgres('an outbox in Postgres whose process is killed', (url) => promises(url))
