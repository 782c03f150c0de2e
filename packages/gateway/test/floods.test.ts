import { describe, expect, it } from 'vitest'
import { analyzeLines, clfLine } from './support/run.ts'

describe('a log with a flood', () => {
  const start = Date.parse('2026-11-24T08:00:00Z')
  /** Sixty requests a second for a minute, from 40 minutes on. */
  const flood = (account: string) =>
    Array.from({ length: 3600 }, (_, index) => clfLine(account, start + 2_400_000 + Math.floor(index / 60) * 1000))
  /** A request of each account every two minutes, for an hour and a half. */
  const calm = (count: number, name = 'calm') =>
    Array.from({ length: count * 45 }, (_, index) =>
      clfLine(`${name}-${index % count}`, start + Math.floor((index * 120_000) / count / 1000) * 1000),
    )

  it.each([1, 2, 3, 10])('beside %i accounts names who sent it, and cuts it', async (others) => {
    const { analysis } = await analyzeLines([...calm(others), ...flood('evil')])
    expect(analysis.abusive.map(({ account }) => account)).toEqual(['evil'])
    expect(analysis.replay.peak_1s_after).toBeLessThanOrEqual(analysis.replay.peak_1s_before / 6)
  })

  it('of a plan of one or three accounts names who sent it, and cuts it', async () => {
    for (const others of [0, 2]) {
      const lines = [...calm(40, 'free'), ...calm(others, 'large'), ...flood('large-evil')]
      const { analysis } = await analyzeLines(lines, { plan: '^(free|large)-' })
      expect(analysis.abusive.map(({ account }) => account)).toEqual(['large-evil'])
      expect(analysis.replay.peak_1s_after).toBeLessThanOrEqual(analysis.replay.peak_1s_before / 6)
    }
  })

  it('of four accounts at once names all of them', async () => {
    const { analysis } = await analyzeLines([...calm(40), ...['a', 'b', 'c', 'd'].flatMap(flood)])
    expect(analysis.abusive.map(({ account }) => account).toSorted()).toEqual(['a', 'b', 'c', 'd'])
    expect(analysis.spikes).toMatchObject([{ kind: 'one-account' }])
  })

  it('of all of its few accounts alike names none of them, nor one that is alone', async () => {
    const four = await analyzeLines([...calm(4), ...Array.from({ length: 4 }, (_, index) => flood(`calm-${index}`)).flat()])
    expect(four.analysis.abusive).toEqual([])
    const alone = await analyzeLines([...calm(1), ...flood('calm-0')])
    expect(alone.analysis).toMatchObject({ abusive: [], plans: [{ limits: [{ name: 'sustained' }, { name: 'peak' }] }] })
  })

  it('that comes back thirty times is cut all the same', async () => {
    const bursts = Array.from({ length: 30 * 600 }, (_, index) =>
      clfLine('evil', start + 100_000 + Math.floor(index / 600) * 170_000 + Math.floor((index % 600) / 60) * 1000),
    )
    const { analysis } = await analyzeLines([...calm(40), ...bursts])
    expect(analysis.abusive.map(({ account }) => account)).toEqual(['evil'])
    expect(analysis.spikes).toHaveLength(30)
    expect(analysis.replay.peak_1s_after).toBeLessThanOrEqual(analysis.replay.peak_1s_before / 6)
  })

  it('that is too short to be a spike counts for no usual second either', async () => {
    const busy = Array.from({ length: 27_000 }, (_, index) => clfLine(`calm-${(index * 7919) % 400}`, start + Math.floor(index / 5) * 1000))
    const second = Array.from({ length: 60 }, () => clfLine('evil', start + 3_000_000))
    const { analysis } = await analyzeLines([...busy, ...second])
    expect(analysis).toMatchObject({ spikes: [], capacity: { perSecond: 7 } })
    expect(analysis.abusive.map(({ account }) => account)).toEqual(['evil'])
  })

  it('takes no second at the edge of it for a usual one', async () => {
    // The first line is a second before a whole one, and so are the pieces of ten seconds in which spikes are found.
    const first = clfLine('calm-0', start - 9000)
    const { analysis } = await analyzeLines([first, ...calm(200), ...calm(200, 'other'), ...flood('evil')])
    expect(analysis.abusive.map(({ account }) => account)).toEqual(['evil'])
    expect(analysis.capacity.perSecond).toBeLessThan(30)
  })
})
