import type { Clock } from '../../core/index.ts'
import { storeUnavailable } from '../../core/index.ts'
import { debited, fits, settle as settleOne, shifted, stateAt } from '../../rate-limit/decide.ts'
import type {
  BucketMeter,
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
import { BucketCounters, calendarCounters, windowCounters } from './counters.ts'
import type { Counters } from './counters.ts'
import { createKeyHash } from './key-hash.ts'
import { createOverflow } from './overflow.ts'
import { createTokens } from './tokens.ts'

/** A limit store that can be closed. */
export interface MemoryLimits {
  readonly store: LimitStore & Required<Pick<LimitStore, 'adopt'>>
  /** How many counters there are. */
  readonly size: () => number
  close(): void
}

/** Where an item's counter was found, and until when that holds. */
interface Spot {
  table: Counters
  high: number
  low: number
  base: number
  version: number
}

/** The tables that were needed so far, by kind and shard. */
interface Tables extends Record<Meter['kind'], (Counters | undefined)[]> {
  readonly bucket: (BucketCounters | undefined)[]
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
  /** Where the items of the take at hand are; nothing is awaited meanwhile, so one list does for all. */
  const spots: Spot[] = []

  function createTables(): Tables {
    return { bucket: [], window: [], calendar: [] }
  }

  /** Finds an item's counter, and leaves where it is for `write`. */
  function locate(index: number, owner: string, counter: string, kind: Meter['kind']): Spot {
    const spot = (spots[index] ??= { table: undefined as unknown as Counters, high: 0, low: 0, base: -1, version: -1 })
    hash.of(owner, counter)
    const high = hash.words[0] as number
    const low = hash.words[1] as number
    const shard = low & (shards - 1)
    const table = tables[kind][shard] ?? (tables[kind][shard] = makers[kind](most))
    spot.table = table
    spot.high = high
    spot.low = low
    spot.base = table.slab.find(high, low)
    spot.version = table.slab.version
    return spot
  }

  function read(index: number, { owner, counter, meter, overflow: shared }: TakeItem | SettleItem, now: number): MeterState {
    const { table, base } = locate(index, owner, counter, meter.kind)
    if (base >= 0) return table.current(base, meter, now)
    return stateAt(meter, table.slab.hasRoom(now) ? undefined : overflow.read(meter.kind, shared, counter), now)
  }

  /** Keeps what became of an item that was read. `false`: there is no room. */
  function write(index: number, meter: Meter, state: MeterState, now: number): boolean {
    const spot = spots[index] as Spot
    const { table } = spot
    let base = table.slab.version === spot.version ? spot.base : table.slab.find(spot.high, spot.low)
    if (base < 0) base = table.slab.insert(spot.high, spot.low, now)
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
    if (items.length === 1) return takeOne(items[0] as TakeItem, now)
    const standings: ItemStanding[] = []
    let admitted = true
    for (let index = 0; index < items.length; index++) {
      const item = items[index] as TakeItem
      const state = read(index, item, now)
      const hasRoom = fits(item.meter, state, item.cost)
      standings.push({ fits: hasRoom, state })
      if (!hasRoom && !item.shadow) admitted = false
    }
    if (admitted)
      for (let index = 0; index < items.length; index++)
        standings[index] = debit(index, items[index] as TakeItem, standings[index] as ItemStanding, now)
    return { admitted, now, items: standings }
  }

  function takeOne(item: TakeItem, now: number): TakeResult {
    const { meter } = item
    hash.of(item.owner, item.counter)
    const high = hash.words[0] as number
    const low = hash.words[1] as number
    const table = meter.kind === 'bucket' ? tables.bucket[low & (shards - 1)] : undefined
    const base = table === undefined ? -1 : table.slab.find(high, low)
    if (table !== undefined && base >= 0 && table.isCountedBy(base, meter as BucketMeter)) {
      const standing = table.takeAt(base, meter as BucketMeter, item.cost, now)
      return { admitted: standing.fits || item.shadow, now, items: [standing] }
    }
    const state = read(0, item, now)
    const hasRoom = fits(item.meter, state, item.cost)
    const standing = { fits: hasRoom, state }
    return { admitted: hasRoom || item.shadow, now, items: [hasRoom ? debit(0, item, standing, now) : standing] }
  }

  /** What is left of an item in a take that is admitted. */
  function debit(index: number, item: TakeItem, standing: ItemStanding, now: number): ItemStanding {
    const { meter, cost } = item
    if (!standing.fits || cost === 0) return standing
    const state = debited(meter, standing.state, cost)
    if (!write(index, meter, state, now)) spill(item, (shared) => debited(meter, shared, cost), now)
    return { fits: true, state }
  }

  function settle({ token, takenAt, items }: Settlement): SettleResult | Promise<SettleResult> {
    if (closed) return refuse()
    const now = clock.now()
    if (!tokens.add(token)) return { applied: false, now }
    for (const item of items) {
      if (!write(0, item.meter, settleOne(item, read(0, item, now), takenAt, now), now))
        spill(item, (shared) => settleOne(item, shared, takenAt, now), now)
    }
    return { applied: true, now }
  }

  function adopt(items: readonly TakeItem[], taken: TakeResult): void {
    if (closed) return
    const now = clock.now()
    for (let index = 0; index < items.length; index++) {
      const { owner, counter, meter } = items[index] as TakeItem
      locate(index, owner, counter, meter.kind)
      write(index, meter, shifted(meter, (taken.items[index] as ItemStanding).state, taken.now, now), now)
    }
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
      adopt,
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
  bucket: (most: number): BucketCounters => new BucketCounters(most),
  window: windowCounters,
  calendar: calendarCounters,
}

function refuse(): Promise<never> {
  return Promise.reject(storeUnavailable('the memory store is closed'))
}
