import { describe, expect, it } from 'vitest'
import { take } from './decide.ts'
import { compileLimit } from './limit.ts'
import { periodStarts } from './periods.ts'
import type { CalendarPeriod } from './periods.ts'

const iso = (instants: readonly number[]): string[] => instants.map((instant) => new Date(instant).toISOString())
const startsOf = (period: CalendarPeriod, zone: string, now: string): string[] => iso(periodStarts(period, zone)(Date.parse(now)))

describe('the periods of a calendar', () => {
  it.each<[CalendarPeriod, string, string, string[]]>([
    ['hour', 'UTC', '2026-03-01T10:59:59.999Z', ['2026-03-01T09', '2026-03-01T10', '2026-03-01T11', '2026-03-01T12']],
    ['day', 'UTC', '2026-03-01T00:00:00Z', ['2026-02-28T00', '2026-03-01T00', '2026-03-02T00', '2026-03-03T00']],
    ['week', 'UTC', '2026-03-01T12:00:00Z', ['2026-02-16T00', '2026-02-23T00', '2026-03-02T00', '2026-03-09T00']],
    ['month', 'UTC', '2026-12-31T23:59:59Z', ['2026-11-01T00', '2026-12-01T00', '2027-01-01T00', '2027-02-01T00']],
    ['year', 'UTC', '2024-02-29T00:00:00Z', ['2023-01-01T00', '2024-01-01T00', '2025-01-01T00', '2026-01-01T00']],
    ['day', 'Europe/Berlin', '2026-03-29T12:00:00Z', ['2026-03-27T23', '2026-03-28T23', '2026-03-29T22', '2026-03-30T22']],
    ['day', 'Europe/Berlin', '2026-10-25T12:00:00Z', ['2026-10-23T22', '2026-10-24T22', '2026-10-25T23', '2026-10-26T23']],
    ['day', 'America/New_York', '2026-01-01T03:00:00Z', ['2025-12-30T05', '2025-12-31T05', '2026-01-01T05', '2026-01-02T05']],
    // Clocks went from 00:00 to 01:00: there was no midnight.
    ['day', 'America/Sao_Paulo', '2018-11-04T12:00:00Z', ['2018-11-03T03', '2018-11-04T03', '2018-11-05T02', '2018-11-06T02']],
    // Clocks went from 24:00 to 23:00: midnight came late.
    ['day', 'America/Sao_Paulo', '2018-02-18T12:00:00Z', ['2018-02-17T02', '2018-02-18T03', '2018-02-19T03', '2018-02-20T03']],
  ])('are of one %s in %s at %s', (period, zone, now, expected) => {
    expect(startsOf(period, zone, now)).toEqual(expected.map((hour) => `${hour}:00:00.000Z`))
  })

  it('begin at half past in zones that are half an hour off', () => {
    expect(startsOf('hour', 'Asia/Kolkata', '2026-01-01T10:45:00Z')[1]).toBe('2026-01-01T10:30:00.000Z')
  })

  it('always hold the instant they are asked about, and follow each other', () => {
    for (const zone of [
      'UTC',
      'Europe/Berlin',
      'America/Sao_Paulo',
      'Asia/Beirut',
      'Australia/Lord_Howe',
      'Pacific/Apia',
      'Asia/Kathmandu',
    ])
      for (const period of ['hour', 'day', 'week', 'month', 'year'] as const) {
        const starts = periodStarts(period, zone)
        for (let day = 0; day < 800; day += 3) {
          const now = Date.UTC(2011, 0, 1) + day * 86_400_000 + ((day * 7_919_000) % 86_400_000)
          const [before = 0, start = 0, end = 0, after = 0] = starts(now)
          expect(before <= start && start <= now && now < end && end <= after, `${zone} ${period} ${new Date(now).toISOString()}`).toBe(
            true,
          )
          expect(starts(end)[1]).toBe(end)
        }
      }
  })
})

describe('a calendar limit', () => {
  const now = Date.parse('2026-03-29T10:00:00Z')
  const daily = compileLimit({ name: 'daily', kind: 'calendar', limit: 3, zone: 'Europe/Berlin' })
  const takeAt = (state: readonly number[] | undefined, at: number, from = at) =>
    take([{ owner: 'a', counter: 'daily', meter: daily.meterAt(from), cost: 1, shadow: false }], [state], at)

  it('has days of 23 hours when clocks go ahead', () => {
    expect(daily.windowMsAt(now)).toBe(23 * 3_600_000)
    expect(daily.meterAt(now)).toBe(daily.meterAt(now + 1_000))
  })

  it('begins anew at midnight of its zone', () => {
    let state: readonly number[] | undefined
    const admitted = []
    for (const at of [now, now, now, now, Date.parse('2026-03-29T21:59:59.999Z'), Date.parse('2026-03-29T22:00:00Z')]) {
      const result = takeAt(state, at)
      admitted.push(result.admitted)
      if (result.admitted) state = result.items[0]?.state
    }
    expect(admitted).toEqual([true, true, true, false, false, true])
  })

  it('finds its day by the clock of the store, days from the one of the caller', () => {
    let state: readonly number[] | undefined
    for (let day = 0; day < 30; day++) {
      const result = takeAt(state, now + day * 86_400_000, now)
      state = result.items[0]?.state
      expect([result.admitted, state?.[0]]).toEqual([true, 1])
    }
  })
})
