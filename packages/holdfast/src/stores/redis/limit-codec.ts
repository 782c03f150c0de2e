import { storeUnavailable } from '../../core/index.ts'
import type { ItemStanding, Meter, MeterState, SettleItem, SettleResult, TakeItem, TakeResult } from '../../rate-limit/store.ts'
import { toCounterName, toOwnerName } from '../limit-name.ts'
import { assertBinary, toText } from './codec.ts'
import type { Encoding } from './codec.ts'
import { unpackNumbers } from './message-pack.ts'

/** The items of one owner, whose counters are one hash. */
export interface OwnerItems<Item> {
  readonly owner: string
  readonly items: readonly Item[]
  /** Where each was in what the caller gave; nothing where all are of one owner. */
  readonly places: readonly number[]
}

/** How a meter looks to scripts. */
interface MeterText {
  readonly numbers: string
  /** The counter it was last used for, and the field of that. */
  counter: string
  field: string
}

// Meters are the same objects call after call, and mostly of the same counter.
const meterTexts = new WeakMap<Meter, MeterText>()

function textOf({ counter, meter }: { readonly counter: string; readonly meter: Meter }): MeterText {
  let text = meterTexts.get(meter)
  if (text === undefined) {
    text = { numbers: scriptNumbers(meter).join(), counter, field: toCounterName(counter, meter) }
    meterTexts.set(meter, text)
  } else if (text.counter !== counter) {
    text.counter = counter
    text.field = toCounterName(counter, meter)
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
  const [first] = items
  if (first === undefined) return []
  if (isOfOneOwner(items)) return [{ owner: toOwnerName(first.owner), items, places: [] }]
  const groups = new Map<string, { owner: string; items: Item[]; places: number[] }>()
  items.forEach((item, place) => {
    let group = groups.get(item.owner)
    if (group === undefined) groups.set(item.owner, (group = { owner: toOwnerName(item.owner), items: [], places: [] }))
    group.items.push(item)
    group.places.push(place)
  })
  return [...groups.values()]
}

function isOfOneOwner(items: readonly (TakeItem | SettleItem)[]): boolean {
  for (let place = 1; place < items.length; place++) if (items[place]?.owner !== items[0]?.owner) return false
  return true
}

type KeyOf = (owner: string) => string

/** What follows the script of a take: how many keys there are, the keys, the numbers, the fields. */
export function takeArguments(groups: readonly OwnerItems<TakeItem>[], keyOf: KeyOf, now: string): string[] {
  const args = [String(groups.length)]
  for (const { owner } of groups) args.push(keyOf(owner))
  return withItems(args, now, groups, takeNumbers)
}

/** What follows the script of a settlement. */
export function settleArguments(
  groups: readonly OwnerItems<SettleItem>[],
  keyOf: KeyOf,
  takenAt: number,
  now: string,
  tokenKey?: string,
): string[] {
  const keys = groups.map(({ owner }) => keyOf(owner))
  if (tokenKey !== undefined) keys.push(tokenKey)
  return withItems([String(keys.length), ...keys], `${now},${takenAt},${groups.length}`, groups, settleNumbers)
}

const takeNumbers = ({ cost, shadow }: TakeItem): string => (shadow ? `${cost},1` : `${cost},0`)
const settleNumbers = ({ delta }: SettleItem): string => `${delta},0`

function withItems<Item extends TakeItem | SettleItem>(
  args: string[],
  first: string,
  groups: readonly OwnerItems<Item>[],
  own: (item: Item) => string,
): string[] {
  const place = args.push('') - 1
  let numbers = `[${first}`
  for (const { items } of groups) {
    numbers += `,${items.length}`
    for (const item of items) {
      const text = textOf(item)
      numbers += `,${own(item)},${text.numbers}`
      args.push(text.field)
    }
  }
  args[place] = `${numbers}]`
  return args
}

/** Reads the reply to a take; items come in the order of the groups. */
export function toTakeReply(reply: unknown, groups: readonly OwnerItems<TakeItem>[], encoding: Encoding): TakeResult {
  const numbers = toNumbers(reply, encoding)
  const now = numbers[0] as number
  const standings: ItemStanding[] = []
  let admitted = true
  let next = 1
  for (const { items } of groups)
    for (const { meter, shadow } of items) {
      const first = numbers[next] as number
      const rest = numbers.slice(next + 1, (next += replyLength[meter.kind]))
      if (rest.some(isNegative)) throw notAnAnswer(reply)
      const fits = first >= 0
      if (!fits && !shadow) admitted = false
      standings.push({ fits, state: toState(meter, fits ? first : -1 - first, rest, now) })
    }
  if (now < 0 || next !== numbers.length) throw notAnAnswer(reply)
  return { admitted, now, items: standings }
}

const isNegative = (number: number): boolean => number < 0

/** How many numbers of a reply are of one item. */
const replyLength = { bucket: 2, window: 14, calendar: 3 }

function toState(meter: Meter, first: number, rest: readonly number[], now: number): MeterState {
  switch (meter.kind) {
    case 'bucket':
      return [first, now + (rest[0] as number), meter.unit]
    case 'window':
      return [first, meter.windowMs, ...rest]
    case 'calendar':
      return [first, now + (rest[0] as number), rest[1] as number]
  }
}

/** Reads the reply to a settlement. */
export function toSettleReply(reply: unknown): SettleResult {
  const [applied, now, ...rest] = listedNumbers(reply) ?? []
  if (now === undefined || rest.length > 0) throw notAnAnswer(reply)
  return { applied: applied === 1, now }
}

function toNumbers(reply: unknown, encoding: Encoding): readonly number[] {
  if (typeof reply === 'string') assertBinary(reply, encoding)
  const numbers = reply instanceof Uint8Array ? unpackNumbers(reply) : listedNumbers(reply)
  if (numbers === undefined || numbers.length === 0) throw notAnAnswer(reply)
  return numbers
}

/** Numbers from a list of the protocol, which clients may have turned into text. */
function listedNumbers(reply: unknown): readonly number[] | undefined {
  if (!Array.isArray(reply)) return undefined
  const numbers = reply.map((value: unknown) => (typeof value === 'number' ? value : toInteger(value)))
  return numbers.every(Number.isSafeInteger) ? numbers : undefined
}

function toInteger(value: unknown): number {
  const text = typeof value === 'string' || value instanceof Uint8Array ? toText(value) : ''
  return /^-?\d+$/.test(text) ? Number(text) : Number.NaN
}

function notAnAnswer(reply: unknown): Error {
  return storeUnavailable(`Redis answered with ${String(reply).slice(0, 100)} where counters were asked for`)
}
