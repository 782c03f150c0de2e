import type { Meter } from '../rate-limit/store.ts'

/** A meter as the numbers that the SQL and Lua of stores take, its kind first. */
export function meterNumbers(meter: Meter): readonly number[] {
  switch (meter.kind) {
    case 'bucket':
      return [0, meter.rate, meter.unit, meter.burst, meter.capacity, meter.ceiling]
    case 'window':
      return [1, meter.limit, meter.windowMs, meter.ceiling]
    case 'calendar':
      return [2, meter.limit, meter.ceiling, ...meter.starts]
  }
}
