import type { BucketMeter, CalendarMeter, Meter, WindowMeter } from '../../rate-limit/store.ts'

export const secondMs = 1_000
export const hourMs = 3_600_000
export const dayMs: number = 24 * hourMs

/** A bucket, from the numbers a limit is declared with. */
export function bucket(limit: number, windowMs: number, burst: number): BucketMeter {
  const divisor = greatestCommonDivisor(limit, windowMs)
  const unit = windowMs / divisor
  const capacity = burst * unit
  return { kind: 'bucket', rate: limit / divisor, unit, burst, capacity, ceiling: 2 * capacity }
}

export function segments(limit: number, windowMs: number): WindowMeter {
  return { kind: 'window', limit, windowMs, ceiling: 2 * limit }
}

/** Periods of one length, as seen from `now`. */
export function calendar(limit: number, periodMs: number, now: number): CalendarMeter {
  const start = now - (now % periodMs)
  return { kind: 'calendar', limit, starts: [-1, 0, 1, 2].map((step) => start + step * periodMs), ceiling: 2 * limit }
}

/** Meters of each kind: those of one kind are the plans that a counter may change between. */
export function metersAt(now: number): Readonly<Record<Meter['kind'], readonly Meter[]>> {
  return {
    bucket: [
      bucket(60, 60 * secondMs, 20),
      bucket(7, secondMs, 5),
      bucket(1, 30 * dayMs, 1),
      bucket(1_000_000, dayMs, 1_000_000),
      // Close to what is exact.
      bucket(3, 1_000_000_007, 2_000_000),
    ],
    window: [segments(10, secondMs), segments(100, 60 * secondMs), segments(5, 777)],
    calendar: [calendar(10, dayMs, now), calendar(100, hourMs, now)],
  }
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b)
}
