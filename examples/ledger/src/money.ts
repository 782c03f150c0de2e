import { converted, object, text } from './input.ts'
import type { Reader } from './input.ts'

/** The largest amount of one movement, in cents: 1e12 units. */
const mostCents = 100_000_000_000_000n
const decimal = /^(?:0|[1-9]\d{0,12})\.\d{2}$/

function parseCents(value: string): bigint | undefined {
  if (!decimal.test(value)) return undefined
  const cents = BigInt(value.replace('.', ''))
  return cents > 0n && cents <= mostCents ? cents : undefined
}

/** An amount such as "10.50", read as cents. */
export const amount: Reader<bigint> = converted(
  text(),
  parseCents,
  'must be a decimal with two digits, above 0 and at most 1000000000000.00',
)

/** A currency's code. */
export const currency: Reader<string> = text({ pattern: /^[A-Z]{3}$/, asks: 'must be three capital letters' })

/** Money such as `{ "value": "10.50", "currency": "EUR" }`. */
export const money = object({ value: amount, currency })

/** Writes cents as a decimal string with two digits. */
export function formatCents(cents: bigint): string {
  const digits = String(cents < 0n ? -cents : cents).padStart(3, '0')
  return `${cents < 0n ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`
}
