import type { Meter, MeterState } from './record.ts'
import { segmentAt } from './window.ts'

/** A state as another clock tells it: one that shows `to` where the one it came from shows `from`. Dates of a calendar stay what they are. */
export function shifted(meter: Meter, state: MeterState, from: number, to: number): MeterState {
  const apart = to - from
  if (apart === 0) return state
  switch (meter.kind) {
    case 'bucket':
    case 'calendar':
      return state.with(1, Math.max(0, (state[1] as number) + apart))
    case 'window':
      return shiftedWindow(state, segmentAt(meter.windowMs, to) - segmentAt(meter.windowMs, from))
  }
}

/** Tokens of a segment are kept in the slot of its number, so they move with it. */
function shiftedWindow(state: MeterState, by: number): MeterState {
  const [segment, windowMs, ...slots] = state as [number, number, ...number[]]
  const moved = Array.from(slots, (_, index) => slots[modulo(index - by, slots.length)] as number)
  return [segment + by, windowMs, ...moved]
}

const modulo = (value: number, by: number): number => ((value % by) + by) % by
