import { assertWhole } from '../core/checks.ts'
import { configurationError } from '../core/index.ts'
import { periodAt } from './calendar.ts'
import { periodStarts } from './periods.ts'
import type { CalendarPeriod } from './periods.ts'
import type { BucketMeter, CalendarMeter, Meter, WindowMeter } from './record.ts'

/** The numbers of a limit. */
export interface LimitNumbers {
  /** Printable ASCII, 1 to 64 characters, unique. Callers see it in the RateLimit fields. */
  readonly name: string
  /**
   * - `bucket`: at most `burst + floor(t * limit / window)` in any time `t`, so up to twice the limit in one window when the burst is as large
   *   as the limit. The cheapest, and what most APIs want.
   * - `window`: never more than `limit` in any window, wherever it begins; at least 12/13 of it can be had for ever.
   * - `calendar`: at most `limit` from one date to the next, for quotas that are billed.
   *
   * @default 'bucket'
   */
  readonly kind?: 'bucket' | 'window' | 'calendar'
  /** Tokens in a window or period. */
  readonly limit: number
  /** Length of the window of a bucket or a window, seconds; whole milliseconds. */
  readonly windowSeconds?: number
  /** Tokens a bucket allows at once. @default a tenth of the limit, at least 1 */
  readonly burst?: number
  /** Slows a bucket down so far that no window of any position gets more than `limit`; needs a burst below the limit. @default false */
  readonly strict?: boolean
  /** What a calendar counts by. @default 'day' */
  readonly period?: CalendarPeriod
  /** The IANA zone of a calendar. @default 'UTC' */
  readonly zone?: string
  /** Tokens that settling a call above its estimate may charge beyond the limit. @default the burst of a bucket, else the limit */
  readonly maxDebt?: number
}

/** A limit, checked and compiled to whole numbers. */
export interface CompiledLimit {
  readonly name: string
  readonly kind: Meter['kind']
  /** What the limit promises, for the RateLimit-Policy field. */
  readonly limit: number
  /** What a store is given. It is the same object until a calendar turns its page. */
  meterAt(now: number): Meter
  /** Length of the window or of the current period, milliseconds. */
  windowMsAt(now: number): number
}

/** What whole numbers are exact up to, in JavaScript, in Lua, and with room to spare in SQL. */
const largest = Number.MAX_SAFE_INTEGER
const longestName = 64

/**
 * Compiles a limit.
 *
 * @throws HoldfastError `configuration-invalid` when it is mistyped, allows nothing, or is too large to be counted exactly
 * @example
 * const perMinute = compileLimit({ name: 'per-minute', limit: 60, windowSeconds: 60, burst: 20 })
 * take([{ owner: 'ada', counter: 'per-minute', meter: perMinute.meterAt(now), cost: 1, shadow: false }], [undefined], now).admitted // true
 */
export function compileLimit(numbers: LimitNumbers): CompiledLimit {
  assertName(numbers.name)
  try {
    return compile(numbers)
  } catch (error) {
    throw configurationError(`limit ${JSON.stringify(numbers.name)}: ${(error as Error).message}`)
  }
}

function compile(numbers: LimitNumbers): CompiledLimit {
  const { kind = 'bucket', limit } = numbers
  assertWhole('limit', limit, 1)
  switch (kind) {
    case 'bucket':
      assertAbsent(numbers, kind, ['period', 'zone'])
      return fixed(numbers, toBucket(numbers))
    case 'window':
      assertAbsent(numbers, kind, ['period', 'zone', 'burst', 'strict'])
      return fixed(numbers, toWindow(numbers))
    case 'calendar':
      assertAbsent(numbers, kind, ['windowSeconds', 'burst', 'strict'])
      return turning(numbers)
    default:
      throw configurationError(`kind: expected one of bucket, window, calendar, concurrency, got ${JSON.stringify(kind)}`)
  }
}

function fixed({ name, limit, windowSeconds }: LimitNumbers, meter: BucketMeter | WindowMeter): CompiledLimit {
  const windowMs = toWindowMs(windowSeconds)
  return { name, kind: meter.kind, limit, meterAt: () => meter, windowMsAt: () => windowMs }
}

function toBucket({ limit, windowSeconds, strict = false, ...rest }: LimitNumbers): BucketMeter {
  const windowMs = toWindowMs(windowSeconds)
  const { burst = Math.max(1, Math.ceil(limit / 10)) } = rest
  assertWhole('burst', burst, 1)
  if (strict && burst >= limit)
    throw configurationError(`burst: expected less than the limit of ${limit} for a strict bucket, got ${burst}`)
  // In any window: the burst, and what drains meanwhile. Strict: both together are the limit.
  const drains = strict ? limit - burst : limit
  const divisor = greatestCommonDivisor(drains, windowMs)
  const unit = windowMs / divisor
  const capacity = burst * unit
  if (!(capacity + unit <= largest))
    throw configurationError(
      `limit, windowSeconds and burst: cannot be counted exactly (burst * ${unit} units is above 2^53); choose rounder numbers or a smaller burst`,
    )
  const { maxDebt = burst } = rest
  assertWhole('maxDebt', maxDebt, 0)
  return { kind: 'bucket', rate: drains / divisor, unit, burst, capacity, ceiling: Math.min(capacity + maxDebt * unit, largest) }
}

function toWindow({ limit, windowSeconds, maxDebt = limit }: LimitNumbers): WindowMeter {
  assertWhole('maxDebt', maxDebt, 0)
  return { kind: 'window', limit, windowMs: toWindowMs(windowSeconds), ceiling: Math.min(limit + maxDebt, largest) }
}

function turning({ name, limit, period = 'day', zone = 'UTC', maxDebt = limit }: LimitNumbers): CompiledLimit {
  assertWhole('maxDebt', maxDebt, 0)
  const startsAt = periodStarts(period, zone)
  const ceiling = Math.min(limit + maxDebt, largest)
  let page: CalendarMeter | undefined

  function meterAt(now: number): CalendarMeter {
    const [, start = 0, end = 0] = page?.starts ?? []
    if (page === undefined || now < start || now >= end) page = { kind: 'calendar', limit, starts: startsAt(now), ceiling }
    return page
  }
  return {
    name,
    kind: 'calendar',
    limit,
    meterAt,
    windowMsAt(now) {
      const { start, end } = periodAt(meterAt(now), now)
      return end - start
    },
  }
}

function assertName(name: unknown): void {
  if (typeof name !== 'string' || !/^[\x20-\x7e]+$/.test(name) || name.length > longestName)
    throw configurationError(`limit: expected a name of 1 to ${longestName} printable ASCII characters, got ${JSON.stringify(name)}`)
}

/** Refuses options that a kind of limit does not have. */
export function assertAbsent<Options extends object>(
  given: Options,
  kind: string,
  names: readonly (keyof Options & string)[],
  where: string = '',
): void {
  const stranger = names.find((name) => given[name] !== undefined)
  if (stranger !== undefined) throw configurationError(`${where}${stranger}: a ${kind} limit has none`)
}

function toWindowMs(windowSeconds: number | undefined): number {
  const windowMs = Math.round((windowSeconds ?? Number.NaN) * 1_000)
  // Of 0.1 s, the product is not whole by a rounding error only.
  const isWhole = Math.abs(windowMs - (windowSeconds ?? Number.NaN) * 1_000) < 1e-6
  if (!isWhole || !Number.isSafeInteger(windowMs * 12) || windowMs < 1)
    throw configurationError(`windowSeconds: expected a number above 0 of whole milliseconds, got ${String(windowSeconds)}`)
  return windowMs
}

/** The largest whole number that divides both. */
export function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b)
}
