import { storeUnavailable } from '../../core/index.ts'
import type { ItemStanding, Meter, SettleItem, SettleResult, TakeItem, TakeResult } from '../../rate-limit/store.ts'
import { limitNameOf } from '../limit-name.ts'
import { meterNumbers } from '../meter-numbers.ts'
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
    text = meterNumbers(meter).join(' ')
    meterTexts.set(meter, text)
  }
  return text
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
  const args = [now, ...groups.map(({ items }) => String(items.length))]
  for (const { items, fields } of groups)
    items.forEach(({ cost, shadow, meter }, index) => args.push(fields[index] as string, `${cost} ${shadow ? 1 : 0} ${meterText(meter)}`))
  return args
}

/** The arguments of a settlement. */
export function settleArguments(groups: readonly OwnerItems<SettleItem>[], takenAt: number, now: string): string[] {
  const args = [now, String(takenAt), String(groups.length), ...groups.map(({ items }) => String(items.length))]
  for (const { items, fields } of groups)
    items.forEach(({ delta, meter }, index) => args.push(fields[index] as string, `${delta} ${meterText(meter)}`))
  return args
}

/** Reads the reply to a take; items come in the order of the groups. */
export function toTakeReply(reply: unknown, count: number): TakeResult {
  const numbers = toNumbers(reply)
  const [admitted, now] = numbers
  const items: ItemStanding[] = []
  let next = 2
  while (next < numbers.length) {
    const end = next + 2 + (numbers[next + 1] as number)
    items.push({ fits: numbers[next] === 1, state: numbers.slice(next + 2, end) })
    next = end
  }
  if (now === undefined || items.length !== count || next !== numbers.length) throw notAnAnswer(reply)
  return { admitted: admitted === 1, now, items }
}

/** Reads the reply to a settlement. */
export function toSettleReply(reply: unknown): SettleResult {
  const [applied, now] = toNumbers(reply)
  if (now === undefined) throw notAnAnswer(reply)
  return { applied: applied === 1, now }
}

function toNumbers(reply: unknown): readonly number[] {
  const text = typeof reply === 'string' || reply instanceof Uint8Array ? toText(reply) : ''
  if (!/^\d+( \d+)+$/.test(text)) throw notAnAnswer(reply)
  return text.split(' ').map(Number)
}

function notAnAnswer(reply: unknown): Error {
  return storeUnavailable(`Redis answered with ${String(reply).slice(0, 100)} where counters were asked for`)
}
