import { createHmac } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { largestCost, remaining, waitMs } from './decide.ts'
import { writeAdvert } from './dialects.ts'
import type { Notice, WrittenAdvert } from './dialects.ts'
import { greatestCommonDivisor } from './limit.ts'
import type { Rule, RuleLimit } from './rule.ts'
import type { ItemStanding, Meter, MeterState, TakeItem, TakeResult } from './store.ts'

/** A rule that was applied to a call: the item that the store was asked for, and what it belongs to. */
export interface Applied extends TakeItem {
  readonly rule: Rule
  readonly limit: RuleLimit
}

/** Calendars turn for everybody at once; each account is told a moment of its own within these seconds. */
const spreadSeconds = 30
const spreadShare = 0.1

/** Says how an applied rule stands; after a refusal of its own, nothing is left until the call would fit. */
export function noticeOf(
  applied: Applied,
  { fits, state }: ItemStanding,
  { now, weight = 1 }: Pick<TakeResult, 'now' | 'weight'>,
  key: KeyObject | undefined,
): Notice {
  const { rule, limit, meter, cost, owner, counter } = applied
  const left = fits ? Math.floor(remaining(meter, state) / weight) : 0
  const windowMs = limit.windowMsAt(now)
  const resetSeconds = Math.ceil(resetMs(meter, state, left, fits ? 1 : cost, { windowMs, limit: limit.limit, now, weight }) / 1_000)
  return {
    about: advertOf(rule, limit, meter, windowMs),
    remaining: left,
    resetSeconds: meter.kind === 'calendar' ? resetSeconds + spreadOf(windowMs, owner) : resetSeconds,
    partitionKey: key && partitionKey(key, owner, counter),
  }
}

function advertOf({ name, unit }: Rule, limit: RuleLimit, meter: Meter, windowMs: number): WrittenAdvert {
  if (limit.advert !== undefined && limit.advertWindowMs === windowMs) return limit.advert
  const repeats = wholeWindows(windowMs)
  limit.advertWindowMs = windowMs
  limit.advert = writeAdvert({
    name,
    unit,
    quota: limit.limit * repeats,
    windowSeconds: Math.ceil((windowMs * repeats) / 1_000),
    burst: meter.kind === 'bucket' ? meter.burst : undefined,
  })
  return limit.advert
}

/**
 * Milliseconds until there is more; so long that what is left, spread over it, is not above the sustained rate: a client that sends at
 * remaining/reset must not use a large window up at once (section 7.5 of draft-10).
 */
function resetMs(meter: Meter, state: MeterState, left: number, cost: number, { windowMs, limit, now, weight }: Circumstances): number {
  if (meter.kind === 'calendar') return Math.max(1, (state[2] as number) - now)
  const most = largestCost(meter)
  // Of a node that decides alone, a cost above its share passes where nothing of the share is used.
  if (left === 0) return waitMs(meter, state, weight === 1 ? cost : Math.min(cost * weight, most), now)
  const counted = left * weight
  const next = counted + weight <= most ? waitMs(meter, state, counted + weight, now) : 0
  return Math.max(next, meter.kind === 'bucket' ? (counted * meter.unit) / meter.rate : (counted * windowMs) / limit)
}

/** What a notice depends on besides its counter. */
interface Circumstances {
  readonly windowMs: number
  readonly limit: number
  readonly now: number
  readonly weight: number
}

/** How many windows make whole seconds: the fields know no fractions. */
function wholeWindows(windowMs: number): number {
  return 1_000 / greatestCommonDivisor(windowMs, 1_000)
}

function spreadOf(windowMs: number, owner: string): number {
  let hash = 0
  for (let index = 0; index < owner.length; index++) hash = (Math.imul(hash, 31) + owner.charCodeAt(index)) >>> 0
  return hash % (Math.floor(Math.min(spreadSeconds, (windowMs / 1_000) * spreadShare)) + 1)
}

function partitionKey(key: KeyObject, owner: string, counter: string): string {
  return createHmac('sha256', key).update(`${owner}\0${counter}`).digest().subarray(0, 8).toString('base64')
}

/** Says how many more calls may be under way. */
export function concurrencyNotice({ name, unit }: Rule, limit: number, left: number): Notice {
  return {
    about: writeAdvert({ name, unit, quota: limit, windowSeconds: undefined, burst: undefined }),
    remaining: left,
    resetSeconds: undefined,
    partitionKey: undefined,
  }
}
