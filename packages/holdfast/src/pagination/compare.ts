import type { Key, KeyType } from './keys.ts'
import type { KeyTuple } from './position.ts'
import type { Order } from './sorts.ts'

/** Compares two canonical texts of a type as the databases do. */
type Compare = (a: string, b: string) => number

const byUnit: Compare = (a, b) => (a < b ? -1 : a > b ? 1 : 0)

/** By code point, as UTF-8 bytes compare. UTF-16 units would put an emoji before U+FF61. */
function byCodePoint(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let at = 0; at < length; at++) {
    const [x, y] = [a.charCodeAt(at), b.charCodeAt(at)]
    if (x === y) continue
    const [isHighX, isHighY] = [x >= 0xd800 && x <= 0xdfff, y >= 0xd800 && y <= 0xdfff]
    return isHighX === isHighY ? x - y : isHighX ? 1 : -1
  }
  return a.length - b.length
}

function byInteger(a: string, b: string): number {
  const [x, y] = [BigInt(a), BigInt(b)]
  return x < y ? -1 : x > y ? 1 : 0
}

/** Decimals without rounding. Postgres puts NaN above everything. */
function byNumeric(a: string, b: string): number {
  const [x, y] = [rankOf(a), rankOf(b)]
  if (x !== 0 || y !== 0) return x - y
  const [[wholeX = '', partX = ''], [wholeY = '', partY = '']] = [a.split('.'), b.split('.')]
  const scale = Math.max(partX.length, partY.length)
  return byInteger(wholeX + partX.padEnd(scale, '0'), wholeY + partY.padEnd(scale, '0'))
}

const rankOf = (value: string): number => ({ NaN: 2, Infinity: 1, '-Infinity': -1 })[value] ?? 0

/** `2026-11-24 10:00:00.123456+00 AD`, `2026-11-24 AD`, `infinity`: the year counts backwards before Christ, nothing else does. */
function byDay(a: string, b: string): number {
  const [x, y] = [yearOf(a), yearOf(b)]
  return x === y ? byUnit(a.slice(a.indexOf('-')), b.slice(b.indexOf('-'))) : x - y
}

function yearOf(value: string): number {
  if (value.endsWith('infinity')) return value.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
  const year = Number.parseInt(value, 10)
  return value.endsWith('BC') ? 1 - year : year
}

const comparisons: Readonly<Record<KeyType, Compare>> = {
  integer: byInteger,
  numeric: byNumeric,
  text: byCodePoint,
  timestamptz: byDay,
  date: byDay,
  uuid: byUnit,
  xid8: byInteger,
}

/** Compares two values of one key: below 0 when the first comes first in ascending order. */
export function compareValues(key: Key, a: string, b: string): number {
  return comparisons[key.type](a, b)
}

/**
 * Compares two rows by a sort: below 0 when the first comes first. NULL stands where the sort says, whichever way its key runs.
 */
export function compareTuples(orders: readonly Order[], a: KeyTuple, b: KeyTuple): number {
  for (const [index, { key, descending, nulls }] of orders.entries()) {
    const [x, y] = [a[index] ?? null, b[index] ?? null]
    if (x === null && y === null) continue
    if (x === null || y === null) return (x === null) === (nulls === 'first') ? -1 : 1
    const compared = compareValues(key, x, y)
    if (compared !== 0) return descending ? -compared : compared
  }
  return 0
}
