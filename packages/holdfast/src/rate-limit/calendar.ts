import type { CalendarMeter, MeterState } from './record.ts'

/** A period, in milliseconds since the epoch. */
export interface Period {
  readonly start: number
  readonly end: number
}

/** The period an instant lies in. Beyond the known starts, periods go on as long as the last one was. */
export function periodAt({ starts }: CalendarMeter, now: number): Period {
  const last = starts.length - 1
  const final = starts[last] as number
  if (now >= final) {
    const length = final - (starts[last - 1] as number)
    const start = final + Math.floor((now - final) / length) * length
    return { start, end: start + length }
  }
  let index = last - 1
  while (index > 0 && (starts[index] as number) > now) index--
  return { start: starts[index] as number, end: starts[index + 1] as number }
}

/**
 * The count as it is at `now`: zero in a new period. A clock that went back stays in the period it was in, else it would give the quota
 * twice. After a change of plan the earlier of the two ends holds.
 */
export function calendarAt(meter: CalendarMeter, state: MeterState | undefined, now: number): MeterState {
  if (state === undefined) return [0, now, periodAt(meter, now).end]
  const [used, at, end] = state as readonly [number, number, number]
  if (used === 0) return calendarAt(meter, undefined, now)
  const latest = Math.max(at, now)
  const current = periodAt(meter, latest).end
  return latest >= end ? calendarAt(meter, undefined, now) : [used, latest, Math.min(end, current)]
}

/** The count after a settlement. Nothing is given back from a period that is over. */
export function calendarSettled(meter: CalendarMeter, state: MeterState, delta: number, takenAt: number): MeterState {
  const [used, at] = state as readonly [number, number]
  if (delta > 0) return state.with(0, Math.max(used, Math.min(used + delta, meter.ceiling)))
  return takenAt < periodAt(meter, at).start ? state : state.with(0, Math.max(0, used + delta))
}
