import { bucketState, drained, segmentAt, stateAt } from '../../rate-limit/decide.ts'
import type { BucketMeter, ItemStanding, Meter, MeterState } from '../../rate-limit/store.ts'
import { Slab } from './slab.ts'

/** The counters of one kind. */
export interface Counters {
  readonly slab: Slab
  /** What is kept at a base, as it is at `now`. */
  current(base: number, meter: Meter, now: number): MeterState
  write(base: number, meter: Meter, state: MeterState): void
}

/** Buckets. An entry is its hash, level, instant, and which meter it was counted by: 32 bytes. */
export class BucketCounters implements Counters {
  readonly slab: Slab
  readonly #meters = new Meters()

  constructor(most: number) {
    const meters = this.#meters
    const fullness = (values: Float64Array, base: number, now: number): number => {
      const { rate, capacity } = meters.get(values[base + 3] as number)
      return drained(values[base + 1] as number, values[base + 2] as number, rate, now) / capacity
    }
    this.slab = new Slab({ stride: 4, fullness }, most)
  }

  current(base: number, meter: BucketMeter, now: number): MeterState {
    const { values } = this.slab
    return bucketState(meter, values[base + 1] as number, values[base + 2] as number, this.#unitAt(base), now)
  }

  write(base: number, meter: BucketMeter, state: MeterState): void {
    const { values } = this.slab
    values[base + 1] = state[0] as number
    values[base + 2] = state[1] as number
    this.#remember(base, meter)
  }

  /** Whether a counter needs no conversion. */
  isCountedBy(base: number, meter: BucketMeter): boolean {
    return this.#unitAt(base) === meter.unit
  }

  /** Takes of this counter alone, which needs no conversion: the same as `take` of decide.ts, number by number. */
  takeAt(base: number, meter: BucketMeter, cost: number, now: number): ItemStanding {
    const { values } = this.slab
    const { unit, burst, capacity } = meter
    const before = values[base + 2] as number
    let level = drained(values[base + 1] as number, before, meter.rate, now)
    const at = level === 0 || before < now ? now : before
    const fits = cost <= burst && level + cost * unit <= capacity
    if (fits && cost > 0) {
      level += cost * unit
      values[base + 1] = level
      values[base + 2] = at
      this.#remember(base, meter)
    }
    return { fits, state: [level, at, unit] }
  }

  #unitAt(base: number): number {
    return this.#meters.get(this.slab.values[base + 3] as number).unit
  }

  #remember(base: number, meter: BucketMeter): void {
    const { values } = this.slab
    if (this.#meters.get(values[base + 3] as number) !== meter) values[base + 3] = this.#meters.indexOf(meter)
  }
}

/** Gives each set of numbers an index; an API has a few of them, one for each limit and plan. */
class Meters {
  /** Of an entry that has only just been made. */
  readonly #all: BucketMeter[] = [{ kind: 'bucket', rate: 1, unit: 1, burst: 1, capacity: 1, ceiling: 1 }]
  readonly #byObject = new WeakMap<BucketMeter, number>()
  readonly #byNumbers = new Map<string, number>()

  get(index: number): BucketMeter {
    return this.#all[index] as BucketMeter
  }

  indexOf(meter: BucketMeter): number {
    const known = this.#byObject.get(meter)
    if (known !== undefined) return known
    const numbers = `${meter.rate} ${meter.unit} ${meter.burst} ${meter.ceiling}`
    const index = this.#byNumbers.get(numbers) ?? this.#all.push(meter) - 1
    this.#byNumbers.set(numbers, index)
    this.#byObject.set(meter, index)
    return index
  }
}

const stateBegins = 2
const windowNumbers = 15
const calendarNumbers = 3

/** Counters whose entry is its hash, the limit, and the state as it is. */
class ListedCounters implements Counters {
  readonly slab: Slab
  readonly #numbers: number

  constructor(most: number, numbers: number, fullness: (values: Float64Array, base: number, now: number) => number) {
    this.#numbers = numbers
    this.slab = new Slab({ stride: stateBegins + numbers, fullness }, most)
  }

  current(base: number, meter: Meter, now: number): MeterState {
    const begin = base + stateBegins
    return stateAt(meter, Array.from(this.slab.values.subarray(begin, begin + this.#numbers)), now)
  }

  write(base: number, meter: Meter, state: MeterState): void {
    const { values } = this.slab
    values[base + 1] = meter.kind === 'bucket' ? 1 : meter.limit
    for (let index = 0; index < this.#numbers; index++) values[base + stateBegins + index] = state[index] as number
  }
}

/** Windows: 136 bytes. */
export function windowCounters(most: number): Counters {
  return new ListedCounters(most, windowNumbers, (values, base, now) => {
    const [limit, segment, windowMs] = [values[base + 1] as number, values[base + 2] as number, values[base + 3] as number]
    if (segmentAt(windowMs, now) >= segment + windowNumbers - 2) return 0
    let used = 0
    for (let index = 4; index < stateBegins + windowNumbers; index++) used += values[base + index] as number
    return used / limit
  })
}

/** Calendars: 40 bytes. */
export function calendarCounters(most: number): Counters {
  return new ListedCounters(most, calendarNumbers, (values, base, now) =>
    now >= (values[base + 4] as number) ? 0 : (values[base + 2] as number) / (values[base + 1] as number),
  )
}
