import { describe, expect, it } from 'vitest'
import { analyzeLines } from './support/run.ts'

const start = Date.parse('2026-11-24T08:00:00Z')
const raw = { map: 'ts=ts,account=who,cost=cost' }
const record = (who: string, second: number, cost: unknown) => JSON.stringify({ ts: start + second * 1000, who, cost })

/** A request of each of forty accounts every minute for an hour. */
function regular(costOf: (index: number) => unknown): readonly string[] {
  return Array.from({ length: 2400 }, (_, index) => record(`host-${index % 40}`, Math.floor((index * 60) / 40), costOf(index)))
}

describe('a log with costs', () => {
  it('gives limits in tokens, at a rate that accounts need and with a burst of minutes, not of all that they sent', async () => {
    const { analysis } = await analyzeLines(
      regular((index) => 1000 + (index % 7) * 100),
      raw,
    )
    const [limit] = analysis.plans[0]?.limits ?? []
    const perSecond = (limit?.limit ?? 0) / (limit?.windowSeconds ?? 1)
    expect(perSecond).toBeGreaterThanOrEqual(1000 / 60)
    expect(perSecond).toBeLessThanOrEqual(200)
    expect(limit?.burst).toBeLessThan(5 * 1600)
    expect(analysis.plans[0]).toMatchObject({ throttled: [], heldOut: { throttled: 0 } })
  })

  it('tells a flood by its tokens', async () => {
    const flood = Array.from({ length: 15 }, (_, index) => record('evil', 1800 + index, 40_000))
    const { analysis } = await analyzeLines([...regular(() => 1000), ...flood], raw)
    expect(analysis.abusive.map(({ account }) => account)).toEqual(['evil'])
    expect(analysis.replay.accounts.map(({ account }) => account)).toEqual(['evil'])
  })

  it('counts costs beyond 32 bits exactly', async () => {
    const { analysis } = await analyzeLines(
      regular(() => 5e9),
      raw,
    )
    expect(analysis.plans[0]?.envelope.at(-1)).toMatchObject({ burst: 5e9, highest: 5e9 })
    expect(analysis.plans[0]?.limits[0]?.burst).toBeGreaterThanOrEqual(6e9)
  })

  it('of nothing has limits that throttle nobody', async () => {
    const { analysis } = await analyzeLines(
      regular(() => 0),
      raw,
    )
    expect(analysis.plans[0]?.limits[0]?.burst).toBe(1)
    expect(analysis.replay).toMatchObject({ rejected: 0, admitted: 2400 })
  })

  it('says how many requests state none that could be one, and that they cost 1', async () => {
    const odd = [undefined, -1, 'many', 1e300, ' ', null]
    const { analysis } = await analyzeLines([...regular(() => 3), ...odd.map((cost) => record('host-1', 4000, cost))], raw)
    expect(analysis.warnings.join('\n')).toMatch(/6 of 2406 requests \(0.25 %\) do not have a cost in the field that names it, and cost 1/)
    expect(analysis.plans[0]?.envelope.at(-1)?.highest).toBe(6)
    const { warnings } = (
      await analyzeLines(
        regular(() => 3),
        { map: 'ts=ts,account=who,cost=price' },
      )
    ).analysis
    expect(warnings.join('\n')).toMatch(/2400 of 2400 requests .* cost 1; is it spelt as in the log/)
  })
})
