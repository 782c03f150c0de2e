import type { Clock } from '../../core/index.ts'
import { storeUnavailable } from '../../core/index.ts'
import { debited, fits, settle as settleOne, stateAt } from '../../rate-limit/decide.ts'
import type {
  ItemStanding,
  LimitStore,
  Meter,
  MeterState,
  SettleItem,
  SettleResult,
  Settlement,
  TakeItem,
  TakeResult,
} from '../../rate-limit/store.ts'
import { bucketCounters, calendarCounters, windowCounters } from './counters.ts'
import type { Counters } from './counters.ts'
import { createKeyHash } from './key-hash.ts'
import { createOverflow } from './overflow.ts'
import { createTokens } from './tokens.ts'

/** A limit store that can be closed. */
export interface MemoryLimits {
  readonly store: LimitStore
  /** How many counters there are. */
  readonly size: () => number
  close(): void
}

/** Above this many, counters are split over several tables, so that one that grows holds the process up for less than a millisecond. */
const fewEnough = 32_768

/** Makes a limit store in memory. Nothing is awaited between reading a counter and writing it, so every operation is atomic. */
export function memoryLimits(maxKeys: number, clock: Clock): MemoryLimits {
  const shards = 2 ** Math.max(0, Math.ceil(Math.log2(maxKeys / fewEnough)))
  const most = Math.floor(maxKeys / shards)
  const hash = createKeyHash()
  const tokens = createTokens(clock)
  const overflow = createOverflow()
  let tables = createTables()
  let closed = false

  function createTables(): Record<Meter['kind'], (Counters | undefined)[]> {
    return { bucket: [], window: [], calendar: [] }
  }

  /** The table of a kind that the hash just made leads to. */
  function tableOf(kind: Meter['kind']): Counters {
    const shard = hash.low & (shards - 1)
    return tables[kind][shard] ?? (tables[kind][shard] = makers[kind](most))
  }

  function stateOf({ owner, counter, meter, overflow: shared }: TakeItem | SettleItem, now: number): MeterState {
    hash.of(owner, counter)
    const table = tableOf(meter.kind)
    const base = table.slab.find(hash.high, hash.low)
    if (base >= 0) return stateAt(meter, table.read(base), now)
    return stateAt(meter, table.slab.hasRoom(now) ? undefined : overflow.read(meter.kind, shared, counter), now)
  }

  /** `false`: there is no room. */
  function write({ owner, counter, meter }: TakeItem | SettleItem, state: MeterState, now: number): boolean {
    hash.of(owner, counter)
    const table = tableOf(meter.kind)
    let base = table.slab.find(hash.high, hash.low)
    if (base < 0) base = table.slab.insert(hash.high, hash.low, now)
    if (base >= 0) table.write(base, meter, state)
    return base >= 0
  }

  /** Changes what is shared, also when the item was decided in the belief that there is room: two items may have counted on the same. */
  function spill(
    { counter, meter, overflow: shared }: TakeItem | SettleItem,
    change: (state: MeterState) => MeterState,
    now: number,
  ): void {
    overflow.write(meter, shared, counter, change(stateAt(meter, overflow.read(meter.kind, shared, counter), now)), now)
  }

  function take(items: readonly TakeItem[]): TakeResult | Promise<TakeResult> {
    if (closed) return refuse()
    const now = clock.now()
    const standings: ItemStanding[] = []
    let admitted = true
    for (let index = 0; index < items.length; index++) {
      const item = items[index] as TakeItem
      const state = stateOf(item, now)
      const hasRoom = fits(item.meter, state, item.cost)
      standings.push({ fits: hasRoom, state })
      admitted &&= hasRoom || item.shadow
    }
    if (!admitted) return { admitted, now, items: standings }
    for (let index = 0; index < items.length; index++) {
      const item = items[index] as TakeItem
      const standing = standings[index] as ItemStanding
      if (!standing.fits || item.cost === 0) continue
      const state = debited(item.meter, standing.state, item.cost)
      if (!write(item, state, now)) spill(item, (shared) => debited(item.meter, shared, item.cost), now)
      standings[index] = { fits: true, state }
    }
    return { admitted, now, items: standings }
  }

  function settle({ token, takenAt, items }: Settlement): SettleResult | Promise<SettleResult> {
    if (closed) return refuse()
    const now = clock.now()
    if (!tokens.add(token)) return { applied: false, now }
    for (const item of items) {
      if (!write(item, settleOne(item, stateOf(item, now), takenAt, now), now))
        spill(item, (shared) => settleOne(item, shared, takenAt, now), now)
    }
    return { applied: true, now }
  }

  const all = (): Counters[] =>
    Object.values(tables)
      .flat()
      .filter((table) => table !== undefined)

  return {
    store: {
      name: 'memory',
      take,
      settle,
      collect(limit) {
        if (closed) return refuse()
        const now = clock.now()
        return Promise.resolve(all().reduce((deleted, { slab }) => deleted + slab.collect(limit - deleted, now), 0))
      },
    },
    size: () => all().reduce((size, { slab }) => size + slab.size, 0),
    close() {
      closed = true
      tables = createTables()
    },
  }
}

const makers = {
  bucket: bucketCounters as (most: number) => Counters,
  window: windowCounters,
  calendar: calendarCounters,
}

function refuse(): Promise<never> {
  return Promise.reject(storeUnavailable('the memory store is closed'))
}
