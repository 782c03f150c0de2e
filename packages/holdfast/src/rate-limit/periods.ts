import { assertOneOf } from '../core/checks.ts'
import { configurationError } from '../core/index.ts'

/** What a calendar limit counts from: the beginning of an hour, a day, an ISO week, a month or a year. */
export type CalendarPeriod = 'hour' | 'day' | 'week' | 'month' | 'year'

/** Says when periods begin: the one before an instant, its own, and two after it. */
export type PeriodStarts = (now: number) => readonly number[]

const periods = ['hour', 'day', 'week', 'month', 'year']
const minuteMs = 60_000
const hourMs = 60 * minuteMs
const dayMs = 24 * hourMs
const around: readonly number[] = [-1, 0, 1, 2]

/**
 * Makes the calendar of a zone. Days are 23 or 25 hours long when clocks change, and begin late where midnight is skipped.
 *
 * @param zone an IANA name such as `Europe/Berlin`
 * @throws HoldfastError `configuration-invalid` for a zone or a period that does not exist
 */
export function periodStarts(period: CalendarPeriod, zone: string): PeriodStarts {
  assertOneOf('period', period, periods)
  const offsetAt = zone === 'UTC' ? () => 0 : zoneOffset(zone)
  if (period === 'hour')
    return (now) => {
      const start = now - modulo(now + offsetAt(now), hourMs)
      return around.map((step) => start + step * hourMs)
    }
  const first = firstDay(period)
  return (now) => {
    const local = new Date(now + offsetAt(now))
    return around.map((step) => instantOf(first(local, step), offsetAt))
  }
}

/** The first day of the period `step` periods away, as midnight in a zone without offset. */
function firstDay(period: Exclude<CalendarPeriod, 'hour'>): (local: Date, step: number) => number {
  switch (period) {
    case 'day':
      return (local, step) => Date.UTC(local.getUTCFullYear(), local.getUTCMonth(), local.getUTCDate() + step)
    case 'week':
      return (local, step) =>
        Date.UTC(local.getUTCFullYear(), local.getUTCMonth(), local.getUTCDate() - ((local.getUTCDay() + 6) % 7) + 7 * step)
    case 'month':
      return (local, step) => Date.UTC(local.getUTCFullYear(), local.getUTCMonth() + step, 1)
    case 'year':
      return (local, step) => Date.UTC(local.getUTCFullYear() + step, 0, 1)
  }
}

/** The first instant at which clocks show a wall time or later: midnight may be skipped, or come twice. */
function instantOf(wall: number, offsetAt: (now: number) => number): number {
  const before = wall - offsetAt(wall - dayMs)
  const after = wall - offsetAt(wall + dayMs)
  const [early, late] = before < after ? [before, after] : [after, before]
  return early + offsetAt(early) >= wall ? early : late
}

function zoneOffset(zone: string): (now: number) => number {
  const format = formatOf(zone)
  return (now) => {
    const parts = Object.fromEntries(format.formatToParts(now).map(({ type, value }) => [type, Number(value)])) as Record<string, number>
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts
    return Date.UTC(year, month - 1, day, hour, minute, second) - (now - modulo(now, 1_000))
  }
}

function formatOf(zone: string): Intl.DateTimeFormat {
  try {
    return new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    })
  } catch {
    throw configurationError(`zone: expected an IANA time zone such as "Europe/Berlin" or "UTC", got ${JSON.stringify(zone)}`)
  }
}

const modulo = (value: number, by: number): number => ((value % by) + by) % by
