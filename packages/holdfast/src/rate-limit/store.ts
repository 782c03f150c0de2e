import type { SettleResult, Settlement, TakeItem, TakeResult } from './record.ts'

export type {
  BucketMeter,
  CalendarMeter,
  ItemStanding,
  Meter,
  MeterState,
  SettleItem,
  SettleResult,
  Settlement,
  TakeItem,
  TakeResult,
  WindowMeter,
} from './record.ts'

/**
 * Keeps counters. The pure decisions of `decide.ts` say what each operation does; `limitConformance` of `holdfast/testing` holds a store to
 * them.
 *
 * Time is the store's own clock, never the caller's. A store that answers without waiting returns its result as it is; one over a network
 * returns a promise, which rejects with `store-unavailable` when the store cannot be reached.
 *
 * @example
 * const { admitted } = await store.take([{ owner: 'account:ada', counter: 'per-second', meter, cost: 1, shadow: false }])
 */
export interface LimitStore {
  readonly name: string
  /**
   * Debits all items or none, in one round trip however many they are. Items of one owner are decided atomically. Where a store cannot
   * reach the counters of several owners at once, it may hold more than it should for the moment of a refusal, but never admits too much.
   */
  take(items: readonly TakeItem[]): TakeResult | Promise<TakeResult>
  /** Corrects a take, at most once. A crash before it keeps the estimate. */
  settle(settlement: Settlement): SettleResult | Promise<SettleResult>
  /** Takes over what another store has decided about these items, brought to this one's clock. What there is no room for is left out. */
  adopt?(items: readonly TakeItem[], taken: TakeResult): void
  /** Deletes up to `limit` counters that are as good as absent; returns how many. Absent where the store does so by itself. */
  collect?(limit: number): Promise<number>
}
