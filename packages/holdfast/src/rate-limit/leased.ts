import { assertPositive, assertWhole } from '../core/checks.ts'
import { configurationError, monotonic, systemClock } from '../core/index.ts'
import type { Clock } from '../core/index.ts'
import { fits } from './decide.ts'
import { isLeasable, isLive, isNearlyExhausted, nextSize, standingState, storeTime } from './lease.ts'
import type { Lease, LeaseTerms } from './lease.ts'
import type { ItemStanding, LimitStore, TakeItem, TakeResult } from './store.ts'

/** Options of {@link leasedLimits}. */
export interface LeaseOptions {
  /** How many nodes share the store. More leases than are reckoned with let more through in a short time, though never in the long run. */
  readonly nodes: number
  /** How long tokens may be kept before they are spent, milliseconds. @default 1_000 */
  readonly leaseMs?: number
  /** The part of a limit's burst that all nodes together may hold unspent, above 0, at most 1. @default 0.1 */
  readonly share?: number
  /** The most counters a node holds leases of; beyond it the oldest are dropped, with their tokens. @default 10_000 */
  readonly maxLeases?: number
  readonly clock?: Clock
}

/** One item on its way to the store. */
interface Part {
  readonly item: TakeItem
  readonly key: string
  readonly lease: Lease | undefined
  /** Tokens of the lease that this call spends. */
  readonly reserved: number
  /** Tokens it needs beside them. */
  readonly need: number
  /** The lease that is asked for with them. */
  readonly size: number
}

/**
 * Takes tokens of busy counters ahead, several at once, and spends them without asking the store: calls of one account then cost about one
 * round trip for each lease instead of one each. Goes in front of any limit store.
 *
 * With `N` nodes and leases of `L` tokens for `E` ms: over a long time never more than the limit; in any time `t` at most `min(N * L, rate * E)`
 * above the limit's bound; and at most `N * L` tokens for each `E` lie idle. `L` follows the demand, up to a tenth of the burst for all nodes
 * together; near exhaustion each call asks for itself. Tokens that are not spent in time are dropped.
 *
 * Buckets and windows can be leased. A call with a calendar limit or a shadow among its limits asks the store as always.
 *
 * @throws HoldfastError `configuration-invalid`
 * @example
 * rateLimit({ store: leasedLimits(redis(command).limits, { nodes: 8 }), limits })
 */
export function leasedLimits(store: LimitStore, options: LeaseOptions): LimitStore {
  const { maxLeases = 10_000, clock = systemClock } = options
  const terms = toTerms(options)
  const leases = new Map<string, Lease>()
  const refills = new Map<string, Promise<unknown>>()

  function take(items: readonly TakeItem[]): TakeResult | Promise<TakeResult> {
    if (items.length === 0 || !items.every(isLeasable)) return store.take(items)
    const spent = spend(items)
    if (spent !== undefined) return spent
    const waiting = items.flatMap((item) => refills.get(keyOf(item)) ?? [])
    return waiting.length === 0 ? ask(items, true) : after(waiting, items)
  }

  /** One call brings tokens for the others that come meanwhile. Whoever still finds none asks for itself. */
  async function after(waiting: readonly Promise<unknown>[], items: readonly TakeItem[]): Promise<TakeResult> {
    await Promise.allSettled(waiting)
    return spend(items) ?? ask(items, !items.some((item) => refills.has(keyOf(item))))
  }

  function spend(items: readonly TakeItem[]): TakeResult | undefined {
    const now = monotonic(clock)
    const held: Lease[] = []
    for (const item of items) {
      const lease = leases.get(keyOf(item))
      if (lease === undefined || lease.left < item.cost || lease.meter !== item.meter || !isLive(lease, now, terms)) return undefined
      held.push(lease)
    }
    const standings = held.map((lease, index): ItemStanding => {
      lease.left -= (items[index] as TakeItem).cost
      return { fits: true, state: standingState(lease, storeTime(lease, now)) }
    })
    const at = Math.max(...held.map((lease) => storeTime(lease, now)))
    return { admitted: true, now: at, items: standings, takenAt: Math.min(...held.map(({ grantedAt }) => grantedAt)) }
  }

  function ask(items: readonly TakeItem[], isAhead: boolean): Promise<TakeResult> {
    const since = monotonic(clock)
    const parts = items.map((item) => reserve(item, since, isAhead))
    const taking = refill(parts, since)
    const ahead = parts.filter(({ item, size }) => size > item.cost)
    for (const { key } of ahead) refills.set(key, taking)
    const done = (): void => {
      for (const { key } of ahead) refills.delete(key)
    }
    taking.then(done, done)
    return taking
  }

  /** Spends what is left of a lease first, so that nothing of it outlives its time. */
  function reserve(item: TakeItem, now: number, isAhead: boolean): Part {
    const key = keyOf(item)
    const known = leases.get(key)
    const lease = known?.meter === item.meter ? known : undefined
    const reserved = lease !== undefined && isLive(lease, now, terms) ? Math.min(lease.left, item.cost) : 0
    const need = item.cost - reserved
    const size = nextSize(lease, item.meter, now, terms)
    if (lease !== undefined) lease.left -= reserved
    const isTight = lease !== undefined && isNearlyExhausted(lease, size, now, terms)
    return { item, key, lease, reserved, need, size: need > 0 && isAhead && !isTight ? size : 0 }
  }

  async function refill(parts: readonly Part[], since: number): Promise<TakeResult> {
    let asking = parts.filter(({ need }) => need > 0)
    try {
      let taken = await store.take(asking.map(toAsked))
      if (!taken.admitted && isWorthTrying(asking, taken)) {
        asking = asking.map((part) => ({ ...part, size: 0 }))
        taken = await store.take(asking.map(toAsked))
      }
      if (taken.admitted) keep(asking, taken, since)
      else giveBack(parts)
      return inOrder(parts, asking, taken)
    } catch (error) {
      giveBack(parts)
      throw error
    }
  }

  function keep(asking: readonly Part[], taken: TakeResult, since: number): void {
    // What a node has decided alone is not worth keeping: it is over when the store is back.
    if (taken.keptBy !== undefined) return
    asking.forEach((part, index) => {
      const { key, item, size, lease } = part
      const left = surplusOf(part)
      const current = leases.get(key)
      // Another call has brought tokens meanwhile.
      if (left === 0 && current !== undefined && current !== lease && current.left > 0) return
      const state = (taken.items[index] as ItemStanding).state
      leases.delete(key)
      leases.set(key, { meter: item.meter, size: size === 0 ? (lease?.size ?? 1) : size, left, since, grantedAt: taken.now, state })
      if (leases.size > maxLeases) leases.delete(leases.keys().next().value as string)
    })
  }

  function giveBack(parts: readonly Part[]): void {
    for (const { lease, reserved } of parts) if (lease !== undefined) lease.left += reserved
  }

  function inOrder(parts: readonly Part[], asking: readonly Part[], taken: TakeResult): TakeResult {
    const keys = new Map(asking.map(({ key }, index) => [key, index] as const))
    const items = parts.map(({ key, lease }): ItemStanding => {
      const index = keys.get(key)
      if (index === undefined) return { fits: true, state: standingState(lease as Lease, taken.now) }
      const standing = taken.items[index] as ItemStanding
      const current = leases.get(key)
      return current?.state === standing.state ? { fits: standing.fits, state: standingState(current, taken.now) } : standing
    })
    const reserved = parts.flatMap(({ lease, reserved: spent }) => (spent > 0 && lease !== undefined ? [lease.grantedAt] : []))
    return { ...taken, items, takenAt: Math.min(taken.now, ...reserved) }
  }

  const { collect } = store
  return {
    name: store.name,
    take,
    settle: (settlement) => store.settle(settlement),
    ...(collect !== undefined && { collect: (limit: number) => collect.call(store, limit) }),
  }
}

const keyOf = ({ owner, counter }: TakeItem): string => `${owner}\0${counter}`

/** Tokens that are taken beyond what the call itself costs. */
const surplusOf = ({ item, size }: Part): number => Math.max(0, size - item.cost)

const toAsked = (part: Part): TakeItem => ({ ...part.item, cost: part.need + surplusOf(part) })

/** Whether only the tokens taken ahead did not fit. Then nobody is refused because of them. */
function isWorthTrying(asking: readonly Part[], { items }: TakeResult): boolean {
  return (
    asking.some((part) => surplusOf(part) > 0) &&
    asking.every(({ item, need }, index) => fits(item.meter, (items[index] as ItemStanding).state, need))
  )
}

function toTerms({ nodes, leaseMs = 1_000, share = 0.1 }: LeaseOptions): LeaseTerms {
  assertWhole('nodes', nodes, 1)
  assertPositive('leaseMs', leaseMs, ' of milliseconds')
  if (!(share > 0 && share <= 1)) throw configurationError(`share: expected a number above 0, at most 1, got ${String(share)}`)
  return { nodes, leaseMs, share }
}
