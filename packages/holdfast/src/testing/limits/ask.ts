import { waitMs } from '../../rate-limit/decide.ts'
import type { Meter, TakeItem, TakeResult } from '../../rate-limit/store.ts'
import type { LimitBench } from './subject.ts'

/** An item with what most checks want. */
export function itemOf(owner: string, meter: Meter, changes: Partial<TakeItem> = {}): TakeItem {
  return { owner, counter: meter.kind, meter, cost: 1, shadow: false, ...changes }
}

/** How many of some takes, one after the other, are admitted. */
export async function countAdmitted({ store }: LimitBench, times: number, ...items: readonly TakeItem[]): Promise<number> {
  let admitted = 0
  for (let time = 0; time < times; time++) if ((await store.take(items)).admitted) admitted += 1
  return admitted
}

/** Looks at one counter without taking. */
export async function peek({ store }: LimitBench, item: TakeItem): Promise<TakeResult> {
  return store.take([{ ...item, cost: 0 }])
}

/** The wait that a result gives for an item. */
export function hintOf({ meter, cost }: TakeItem, result: TakeResult, index = 0): number {
  return waitMs(meter, result.items[index]?.state ?? [], cost, result.now)
}
