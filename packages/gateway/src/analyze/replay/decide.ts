import { take, waitMs } from 'holdfast/rate-limit'
import type { MeterState, TakeItem } from 'holdfast/rate-limit'
import type { AccountTable } from '../accounts/table.ts'
import type { Batch } from '../spool/batch.ts'
import { createCounters } from './counters.ts'
import type { Counters, Rows } from './counters.ts'
import type { ReplayLimit, ReplayPolicy } from './policy.ts'

/** What became of one request. */
export interface Decision {
  readonly admitted: boolean
  /** 0 when it was admitted, Infinity when it never will be. */
  readonly retryMs: number
  /** Indexes of the limits that had no room, shadow ones included. */
  readonly full: readonly number[]
}

interface Counted {
  readonly index: number
  readonly limit: ReplayLimit
  readonly counters: Counters
}

interface Item extends TakeItem {
  readonly counted: Counted
  readonly key: number | string
}

const admitted: Decision = { admitted: true, retryMs: 0, full: [] }

/** Decides requests one after the other, by the limiter's own function. The time of each request is the clock. */
export function createDecider(
  policy: ReplayPolicy,
  accounts: AccountTable,
  routes: readonly string[],
): (batch: Batch, index: number) => Decision {
  const { list, plans } = accounts
  const pools = new Map<string, Rows>()
  const routeOf = (route: number): string => policy.forRoute(routes[route] ?? '').route ?? routes[route] ?? ''
  const all = policy.limits.map((limit, index): Counted => ({
    index,
    limit,
    counters: createCounters(limit, pools, list, routes, routeOf),
  }))
  const sharesPools = pools.size < all.length
  const sharedFrom = accounts.exact()
  const withoutAccounts = (counted: readonly Counted[]): readonly Counted[] =>
    counted.filter(({ limit }) => !limit.partition.includes('account'))
  // A log has few routes and many requests.
  const byRoute: (readonly Counted[])[] = []

  return (batch, index) => {
    const now = batch.at[index] as number
    const route = batch.route[index] as number
    const account = batch.account[index] as number
    const matching = (byRoute[route] ??= policy.forRoute(routes[route] ?? '').limits.map((limit) => all[limit] as Counted))
    // What several accounts sent is more than one of them would have been throttled for.
    const applied = account >= sharedFrom && accounts.isMixed(account) ? withoutAccounts(matching) : matching
    if (applied.length === 0) return admitted
    const plan = plans[list[account]?.plan ?? 0] ?? ''
    const chosen = applied.map((counted): Item => ({
      owner: '',
      counter: counted.limit.pool,
      meter: counted.limit.limitFor(plan).meterAt(now),
      cost: counted.limit.cost ?? (batch.cost[index] as number),
      shadow: counted.limit.shadow,
      counted,
      key: counted.counters.keyOf(batch, index),
    }))
    return decide(sharesPools ? withoutTwins(chosen) : chosen, now)
  }
}

function decide(items: readonly Item[], now: number): Decision {
  const states = items.map(({ counted, key }) => counted.counters.get(key))
  const { admitted: isAdmitted, items: standings, writes } = take(items, states, now)
  for (const [at, state] of writes.entries()) {
    const item = items[at] as Item
    if (state !== undefined) item.counted.counters.set(item.key, state)
  }
  const full = items.flatMap(({ counted }, at) => (standings[at]?.fits === true ? [] : [counted.index]))
  if (full.length === 0) return admitted
  const wait = ({ meter, cost, shadow }: Item, at: number): number =>
    shadow ? 0 : waitMs(meter, standings[at]?.state as MeterState, cost, now)
  return { admitted: isAdmitted, retryMs: isAdmitted ? 0 : Math.max(...items.map(wait)), full }
}

/** Of two limits of one pool that both apply, the one that asks for more counts. */
function withoutTwins(items: readonly Item[]): readonly Item[] {
  const byCounter = new Map<string, Item>()
  for (const item of items) {
    const name = `${item.counter}\0${item.key}`
    const twin = byCounter.get(name)
    if (twin === undefined || twin.cost < item.cost) byCounter.set(name, item)
  }
  return [...byCounter.values()]
}
