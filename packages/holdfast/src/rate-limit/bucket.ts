import type { BucketMeter, MeterState } from './record.ts'

/**
 * The bucket as it is at `now`: drained, and counted in the meter's own unit.
 *
 * A clock that went back drains nothing. After a change of plan the used tokens stay used, rounded up, but not beyond what settling could
 * have made them: one day's use of a large plan must not block a small one for years.
 */
export function bucketAt(meter: BucketMeter, state: MeterState | undefined, now: number): MeterState {
  if (state === undefined) return [0, now, meter.unit]
  const [level, at, unit] = state as readonly [number, number, number]
  return bucketState(meter, level, at, unit, now)
}

/** The same, of a state that is given number by number. */
export function bucketState(meter: BucketMeter, level: number, at: number, unit: number, now: number): MeterState {
  const converted = unit === meter.unit ? level : Math.min(Math.ceil((level * meter.unit) / unit), meter.ceiling)
  const left = drained(converted, at, meter.rate, now)
  return [left, left === 0 ? now : Math.max(at, now), meter.unit]
}

/** A level after it has drained until `now`. Exact: a product too large for whole numbers is larger than any level. */
export function drained(level: number, at: number, rate: number, now: number): number {
  const gone = now > at ? (now - at) * rate : 0
  return gone >= level ? 0 : level - gone
}

/** Whether a cost fits above a drained level. Tokens are compared first, so that the product stays exact. */
export function bucketFits(meter: BucketMeter, level: number, cost: number): boolean {
  return cost <= meter.burst && level + cost * meter.unit <= meter.capacity
}

/** The level after a settlement: not below empty, and not above the ceiling, unless it was there already. */
export function settledLevel(meter: BucketMeter, level: number, delta: number): number {
  const change = delta * meter.unit
  return change < 0 ? Math.max(0, level + change) : Math.max(level, Math.min(level + change, meter.ceiling))
}

/** Whole tokens that fit above a drained level. */
export function bucketRemaining(meter: BucketMeter, level: number): number {
  return level >= meter.capacity ? 0 : Math.floor((meter.capacity - level) / meter.unit)
}

/** Milliseconds until a cost fits; one millisecond earlier it does not. */
export function bucketWaitMs(meter: BucketMeter, level: number, cost: number): number {
  if (cost > meter.burst) return Number.POSITIVE_INFINITY
  const over = level + cost * meter.unit - meter.capacity
  return over <= 0 ? 0 : Math.ceil(over / meter.rate)
}
