import { bucketState, drained, segmentAt, stateAt } from '../../rate-limit/decide.ts'
import type { BucketMeter, Meter, MeterState } from '../../rate-limit/store.ts'
import { createSlab } from './slab.ts'
import type { Slab } from './slab.ts'

/** The counters of one kind. */
export interface Counters<M extends Meter = Meter> {
  readonly slab: Slab
  /** What is kept at a base, as it is at `now`. */
  current(base: number, meter: M, now: number): MeterState
  write(base: number, meter: M, state: MeterState): void
}

/** A bucket's entry: hash, level, instant, and which meter it was counted by. 32 bytes. */
export function bucketCounters(most: number): Counters<BucketMeter> {
  const meters = createMeters()
  const slab = createSlab(
    {
      stride: 4,
      fullness(values, base, now) {
        const { rate, capacity } = meters.get(values[base + 3] as number)
        return drained(values[base + 1] as number, values[base + 2] as number, rate, now) / capacity
      },
    },
    most,
  )
  return {
    slab,
    current(base, meter, now) {
      const { values } = slab
      return bucketState(meter, values[base + 1] as number, values[base + 2] as number, meters.get(values[base + 3] as number).unit, now)
    },
    write(base, meter, state) {
      const { values } = slab
      values[base + 1] = state[0] as number
      values[base + 2] = state[1] as number
      if (meters.get(values[base + 3] as number) !== meter) values[base + 3] = meters.indexOf(meter)
    },
  }
}

/** Gives each set of numbers an index; an API has a few of them, one for each limit and plan. */
function createMeters(): { get(index: number): BucketMeter; indexOf(meter: BucketMeter): number } {
  const meters: BucketMeter[] = []
  const byObject = new WeakMap<BucketMeter, number>()
  const byNumbers = new Map<string, number>()
  return {
    get: (index) => meters[index] ?? none,
    indexOf(meter) {
      const known = byObject.get(meter)
      if (known !== undefined) return known
      const numbers = `${meter.rate} ${meter.unit} ${meter.burst} ${meter.ceiling}`
      const index = byNumbers.get(numbers) ?? meters.push(meter) - 1
      byNumbers.set(numbers, index)
      byObject.set(meter, index)
      return index
    },
  }
}

/** Of an entry that has only just been made. */
const none: BucketMeter = { kind: 'bucket', rate: 1, unit: 1, burst: 1, capacity: 1, ceiling: 1 }

const stateBefore = 2

/** A window's entry: hash, limit, and its state. */
export function windowCounters(most: number): Counters {
  const kept = 15
  return listed(most, kept, (values, base, now) => {
    const [limit, segment, windowMs] = [values[base + 1] as number, values[base + 2] as number, values[base + 3] as number]
    if (segmentAt(windowMs, now) >= segment + kept - 2) return 0
    let used = 0
    for (let index = 4; index < stateBefore + kept; index++) used += values[base + index] as number
    return used / limit
  })
}

/** A calendar's entry: hash, limit, and its state. */
export function calendarCounters(most: number): Counters {
  return listed(most, 3, (values, base, now) =>
    now >= (values[base + 4] as number) ? 0 : (values[base + 2] as number) / (values[base + 1] as number),
  )
}

function listed(most: number, kept: number, fullness: (values: Float64Array, base: number, now: number) => number): Counters {
  const slab = createSlab({ stride: stateBefore + kept, fullness }, most)
  return {
    slab,
    current: (base, meter, now) => stateAt(meter, Array.from(slab.values.subarray(base + stateBefore, base + stateBefore + kept)), now),
    write(base, meter, state) {
      const { values } = slab
      values[base + 1] = meter.kind === 'bucket' ? 1 : meter.limit
      for (let index = 0; index < kept; index++) values[base + stateBefore + index] = state[index] as number
    },
  }
}
