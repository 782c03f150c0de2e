import { bucketAt, bucketFits, bucketRemaining, bucketState, bucketWaitMs, drained, settledLevel } from './bucket.ts'
import { calendarAt, calendarSettled } from './calendar.ts'
import type { ItemStanding, Meter, MeterState, SettleItem, TakeItem, TakeResult } from './record.ts'
import { shifted } from './shift.ts'
import { segmentAt, usedOf, windowAt, windowDebited, windowEnd, windowSettled, windowWaitMs } from './window.ts'

export { bucketState, drained, segmentAt, shifted }

/** A take that is decided, and what is to be kept. */
export interface TakeDecision extends TakeResult {
  /** In the order of the items; `undefined` where nothing is written. */
  readonly writes: readonly (MeterState | undefined)[]
}

/**
 * Decides a take: when every item that is not a shadow fits, all that fit are debited, else none is. Every store gives these results; the
 * conformance suite holds each of them to this function.
 *
 * A refusal and a cost of 0 write nothing.
 *
 * @param states what is kept of each item, in their order
 */
export function take(items: readonly TakeItem[], states: readonly (MeterState | undefined)[], now: number): TakeDecision {
  const current = items.map(({ meter }, index) => stateAt(meter, states[index], now))
  const fitting = items.map(({ meter, cost }, index) => fits(meter, current[index] as MeterState, cost))
  const admitted = items.every(({ shadow }, index) => shadow || fitting[index] === true)
  const writes = items.map(({ meter, cost }, index) =>
    admitted && fitting[index] === true && cost > 0 ? debited(meter, current[index] as MeterState, cost) : undefined,
  )
  const standings = items.map((_, index): ItemStanding => ({
    fits: fitting[index] === true,
    state: writes[index] ?? (current[index] as MeterState),
  }))
  return { admitted, now, items: standings, writes }
}

/** Decides what settling leaves of one item; tokens given back never make a counter emptier than empty. */
export function settle({ meter, delta }: SettleItem, state: MeterState | undefined, takenAt: number, now: number): MeterState {
  const current = stateAt(meter, state, now)
  switch (meter.kind) {
    case 'bucket':
      return current.with(0, settledLevel(meter, current[0] as number, delta))
    case 'window':
      return windowSettled(meter, current, delta, takenAt)
    case 'calendar':
      return calendarSettled(meter, current, delta, takenAt)
  }
}

/** A state as it is at `now`. */
export function stateAt(meter: Meter, state: MeterState | undefined, now: number): MeterState {
  switch (meter.kind) {
    case 'bucket':
      return bucketAt(meter, state, now)
    case 'window':
      return windowAt(meter, state, now)
    case 'calendar':
      return calendarAt(meter, state, now)
  }
}

/** Whether a cost fits into a state that is as of now. */
export function fits(meter: Meter, state: MeterState, cost: number): boolean {
  switch (meter.kind) {
    case 'bucket':
      return bucketFits(meter, state[0] as number, cost)
    case 'window':
      return usedOf(state) + cost <= meter.limit
    case 'calendar':
      return (state[0] as number) + cost <= meter.limit
  }
}

/** A state that is as of now, after a cost that fits. */
export function debited(meter: Meter, state: MeterState, cost: number): MeterState {
  switch (meter.kind) {
    case 'bucket':
      return [(state[0] as number) + cost * meter.unit, state[1] as number, meter.unit]
    case 'window':
      return windowDebited(state, cost)
    case 'calendar':
      return state.with(0, (state[0] as number) + cost)
  }
}

/** The largest cost that can ever pass. */
export function largestCost(meter: Meter): number {
  return meter.kind === 'bucket' ? meter.burst : meter.limit
}

/** Whole tokens left of a state that is as of now. */
export function remaining(meter: Meter, state: MeterState): number {
  switch (meter.kind) {
    case 'bucket':
      return bucketRemaining(meter, state[0] as number)
    case 'window':
      return Math.max(0, meter.limit - usedOf(state))
    case 'calendar':
      return Math.max(0, meter.limit - (state[0] as number))
  }
}

/** Milliseconds until a cost fits into a state that is as of `now`; 0 when it does already, Infinity when it never will. */
export function waitMs(meter: Meter, state: MeterState, cost: number, now: number): number {
  switch (meter.kind) {
    case 'bucket':
      return bucketWaitMs(meter, state[0] as number, cost)
    case 'window':
      return windowWaitMs(meter, state, cost, now)
    case 'calendar': {
      if (cost > meter.limit) return Number.POSITIVE_INFINITY
      const [used, , end] = state as readonly [number, number, number]
      return used + cost <= meter.limit ? 0 : Math.max(1, end - now)
    }
  }
}

/** A second more than needed, so that a store's coarse expiry never forgets what still counts. */
const graceMs = 1_000

/** Milliseconds after which a state that is as of `now` is as good as none. */
export function ttlMs(meter: Meter, state: MeterState, now: number): number {
  switch (meter.kind) {
    case 'bucket':
      return Math.max(0, (state[1] as number) - now) + Math.ceil((state[0] as number) / meter.rate) + graceMs
    case 'window':
      return Math.max(0, windowEnd(meter.windowMs, state) - now) + graceMs
    case 'calendar':
      return Math.max(0, (state[2] as number) - now) + graceMs
  }
}

/** Whether one more call may run beside those of its owner that are under way. */
export function fitsBeside(inFlight: number, limit: number, cost = 1): boolean {
  return inFlight + cost <= limit
}
