import { randomUUID } from 'node:crypto'
import { largestCost } from './decide.ts'
import type { LimitStore, Meter, SettleItem, SettleResult, Settlement, TakeItem, TakeResult } from './store.ts'

/** A store that can take over what another one has decided: `memory().limits` is one. */
export type LocalLimitStore = LimitStore & Required<Pick<LimitStore, 'adopt'>>

/** Decides for one of several nodes that do not know of each other. */
export interface AloneLimits {
  take(items: readonly TakeItem[]): TakeResult | Promise<TakeResult>
  /** Notes what the store that all of them share has decided. */
  adopt(items: readonly TakeItem[], taken: TakeResult): void
}

/**
 * Lets a node decide alone, over a store of its own: each call counts once for every node, as if all the others had admitted one like it. The
 * capacity and the rate are thereby divided among them, in whole numbers and for every kind of limit, and what the shared store said last is
 * right as it is.
 *
 * A call that costs more than a node's share passes where nothing of it is used, and is charged in full.
 */
export function aloneLimits(local: LocalLimitStore, nodes: () => number): AloneLimits {
  const asked = (item: TakeItem, weight: number): TakeItem =>
    weight === 1 ? item : { ...item, cost: Math.min(weighed(item.cost, weight), largestCost(item.meter)) }

  function chargeRest(items: readonly TakeItem[], taken: TakeResult, weight: number): void {
    if (!taken.admitted) return
    const rests = items.flatMap((item, index): SettleItem[] => {
      const delta = weighed(item.cost, weight) - largestCost(item.meter)
      return delta > 0 && item.cost > 0 && taken.items[index]?.fits === true ? [toRest(item, delta)] : []
    })
    if (rests.length > 0) void local.settle({ token: randomUUID(), takenAt: taken.now, items: rests })
  }

  return {
    take(items) {
      const weight = nodes()
      const keptBy = { settle: (settlement: Settlement) => settleLocally(local, settlement, weight) }
      const decided = (taken: TakeResult): TakeResult => {
        chargeRest(items, taken, weight)
        return { ...taken, weight, keptBy }
      }
      const taken = local.take(items.map((item) => asked(item, weight)))
      return 'then' in taken ? taken.then(decided) : decided(taken)
    },
    adopt: (items, taken) => local.adopt(items, taken),
  }
}

function settleLocally(local: LocalLimitStore, settlement: Settlement, weight: number): SettleResult | Promise<SettleResult> {
  const items = settlement.items.map((item) => ({ ...item, delta: Math.sign(item.delta) * weighed(Math.abs(item.delta), weight) }))
  return local.settle({ ...settlement, items })
}

function toRest({ owner, counter, meter, overflow }: TakeItem, delta: number): SettleItem {
  return { owner, counter, meter: withoutCeiling(meter), delta, overflow }
}

const weighed = (cost: number, weight: number): number => Math.min(cost * weight, Number.MAX_SAFE_INTEGER)

const unbounded = new WeakMap<Meter, Meter>()

/** What counts for several nodes may be more than one node's debt may be. */
function withoutCeiling(meter: Meter): Meter {
  let without = unbounded.get(meter)
  if (without === undefined) {
    without = { ...meter, ceiling: Number.MAX_SAFE_INTEGER }
    unbounded.set(meter, without)
  }
  return without
}
