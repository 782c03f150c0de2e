import { storeUnavailable } from '../../core/index.ts'
import type { ItemStanding, Meter, SettleItem, SettleResult, TakeItem, TakeResult } from '../../rate-limit/store.ts'
import { limitNameOf } from '../limit-name.ts'
import { toText } from './codec.ts'

/** The items of one owner, whose counters are one hash. */
export interface OwnerItems<Item> {
  readonly owner: string
  readonly items: readonly Item[]
  /** The field of each item. */
  readonly fields: readonly string[]
  /** Where each was in what the caller gave. */
  readonly places: readonly number[]
}

// Meters are the same objects call after call.
const meterTexts = new WeakMap<Meter, string>()

function meterText(meter: Meter): string {
  let text = meterTexts.get(meter)
  if (text === undefined) {
    text = scriptNumbers(meter).join()
    meterTexts.set(meter, text)
  }
  return text
}

/** A meter as scripts take it: as few numbers as they can do with, since each takes the server a tenth of a microsecond to read. */
function scriptNumbers(meter: Meter): readonly number[] {
  switch (meter.kind) {
    case 'bucket':
      return [0, meter.rate, meter.unit, meter.burst, meter.ceiling]
    case 'window':
      return [1, meter.limit, meter.windowMs, meter.ceiling]
    case 'calendar':
      return [2, meter.limit, meter.ceiling, meter.starts.length, ...meter.starts]
  }
}

/** Puts items of one owner together, owners in the order they first come in. */
export function groupByOwner<Item extends TakeItem | SettleItem>(items: readonly Item[]): readonly OwnerItems<Item>[] {
  const groups = new Map<string, { owner: string; items: Item[]; fields: string[]; places: number[] }>()
  items.forEach((item, place) => {
    const { owner, counter } = limitNameOf(item)
    let group = groups.get(owner)
    if (group === undefined) groups.set(owner, (group = { owner, items: [], fields: [], places: [] }))
    group.items.push(item)
    group.fields.push(counter)
    group.places.push(place)
  })
  return [...groups.values()]
}

/** The arguments of a take. */
export function takeArguments(groups: readonly OwnerItems<TakeItem>[], now: string): string[] {
  const args = [now]
  let numbers = `[${now}`
  for (const { items, fields } of groups) {
    numbers += `,${items.length}`
    for (const { cost, shadow, meter } of items) numbers += `,${cost},${shadow ? 1 : 0},${meterText(meter)}`
    args.push(...fields)
  }
  args[0] = `${numbers}]`
  return args
}

/** The arguments of a settlement. */
export function settleArguments(groups: readonly OwnerItems<SettleItem>[], takenAt: number, now: string): string[] {
  const args = [now]
  let numbers = `[${now},${takenAt},${groups.length}`
  for (const { items, fields } of groups) {
    numbers += `,${items.length}`
    for (const { delta, meter } of items) numbers += `,${delta},0,${meterText(meter)}`
    args.push(...fields)
  }
  args[0] = `${numbers}]`
  return args
}

/** Reads the reply to a take; items come in the order of the groups. */
export function toTakeReply(reply: unknown, groups: readonly OwnerItems<TakeItem>[]): TakeResult {
  const numbers = toNumbers(reply)
  const [admitted, now] = numbers
  const items: ItemStanding[] = []
  let next = 2
  for (const group of groups)
    for (const { meter } of group.items) {
      const end = next + (meter.kind === 'window' ? 16 : 4)
      items.push({ fits: numbers[next] === 1, state: numbers.slice(next + 1, end) })
      next = end
    }
  if (now === undefined || next !== numbers.length) throw notAnAnswer(reply)
  return { admitted: admitted === 1, now, items }
}

/** Reads the reply to a settlement. */
export function toSettleReply(reply: unknown): SettleResult {
  const numbers = toNumbers(reply)
  const [applied, now] = numbers
  if (now === undefined || numbers.length !== 2) throw notAnAnswer(reply)
  return { applied: applied === 1, now }
}

function toNumbers(reply: unknown): readonly number[] {
  if (!Array.isArray(reply)) throw notAnAnswer(reply)
  const numbers = reply.every(isCount) ? reply : reply.map(toCount)
  if (!numbers.every(isCount)) throw notAnAnswer(reply)
  return numbers
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

/** A number that came as text: large ones do, and clients may turn all of them into it. */
function toCount(value: unknown): number {
  const text = typeof value === 'number' ? '' : toText(value)
  return /^\d+$/.test(text) ? Number(text) : Number.NaN
}

function notAnAnswer(reply: unknown): Error {
  return storeUnavailable(`Redis answered with ${String(reply).slice(0, 100)} where counters were asked for`)
}
