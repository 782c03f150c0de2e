import { take, waitMs } from 'holdfast/rate-limit'
import type { MeterState, TakeItem } from 'holdfast/rate-limit'
import type { AccountTable } from '../accounts/table.ts'
import type { Batch } from '../spool/batch.ts'
import { createCounters } from './counters.ts'
import type { Rows } from './counters.ts'
import type { ReplayLimit } from './policy.ts'

/** What became of one request. */
export interface Decision {
  readonly admitted: boolean
  /** 0 when it was admitted, Infinity when it never will be. */
  readonly retryMs: number
  /** Indexes of the limits that had no room, shadow ones included. */
  readonly full: readonly number[]
}

const admitted: Decision = { admitted: true, retryMs: 0, full: [] }

/** Decides requests one after the other, by the limiter's own function. Each request's time is the clock. */
export function createDecider(
  limits: readonly ReplayLimit[],
  accounts: AccountTable,
  routes: readonly string[],
): (batch: Batch, index: number) => Decision {
  const pools = new Map<string, Rows>()
  const all = limits.map((limit, at) => ({
    at,
    limit,
    counters: createCounters(limit, pools, accounts, routes),
    applies: selector(limit, accounts, routes),
  }))
  return (batch, index) => {
    const now = batch.at[index] as number
    const matching = all.filter(({ applies }) => applies(batch, index))
    if (matching.length === 0) return admitted
    const keys = matching.map(({ counters }) => counters.keyOf(batch, index))
    const items = matching.map(({ limit }): TakeItem => ({
      owner: '',
      counter: limit.pool,
      meter: limit.compiled.meterAt(now),
      cost: limit.cost ?? (batch.cost[index] as number),
      shadow: limit.shadow,
    }))
    const decision = take(
      items,
      matching.map(({ counters }, at) => counters.get(keys[at] as number | string)),
      now,
    )
    decision.writes.forEach((state, at) => {
      if (state !== undefined) matching[at]?.counters.set(keys[at] as number | string, state)
    })
    const full = matching.flatMap(({ at }, item) => (decision.items[item]?.fits === true ? [] : [at]))
    if (full.length === 0) return admitted
    const retryMs = decision.admitted
      ? 0
      : Math.max(
          ...items.map(({ meter, cost, shadow }, at) => (shadow ? 0 : waitMs(meter, decision.items[at]?.state as MeterState, cost, now))),
        )
    return { admitted: decision.admitted, retryMs, full }
  }
}

type Selector = (batch: Batch, index: number) => boolean

function selector(
  { plans, routes, methods }: ReplayLimit,
  { list, plans: planNames }: AccountTable,
  routeNames: readonly string[],
): Selector {
  // A log has few routes and many requests.
  const known: boolean[] = []
  return ({ account, route }, index) => {
    if (plans !== undefined && !plans.has(planNames[list[account[index] as number]?.plan ?? 0] ?? '')) return false
    if (routes === undefined && methods === undefined) return true
    const number = route[index] as number
    const name = routeNames[number] ?? ''
    return (known[number] ??=
      (routes === undefined || routes.some((pattern) => pattern.test(name))) &&
      (methods === undefined || methods.has(name.slice(0, Math.max(0, name.indexOf(' '))))))
  }
}
