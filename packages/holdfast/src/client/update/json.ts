import { HoldfastError } from '../../core/index.ts'
import type { Json } from './merge-patch.ts'

/** A value, and the numbers in it that JavaScript cannot hold. */
export interface ParsedJson {
  readonly value: Json
  /** What such numbers were rounded to. */
  readonly lossy: ReadonlySet<number>
}

/** A double holds 15 digits whatever they are, and exponents of two; other numbers need no look. */
const longNumber = /\d[\d.]{15}|e\+?\d{3}/i
const none: ReadonlySet<number> = new Set()

/** Parses JSON, and notes the numbers that were rounded: writing one of them back would change it. */
export function parseJson(text: string): ParsedJson {
  if (!longNumber.test(text)) return { value: JSON.parse(text) as Json, lossy: none }
  const lossy = new Set<number>()
  // The third argument is not in the type of ES2024; engines without it see no harm.
  const note = (_name: string, value: unknown, context?: { readonly source?: string }): unknown => {
    if (typeof value === 'number' && context?.source !== undefined && digitsOf(context.source) !== digitsOf(String(value))) lossy.add(value)
    return value
  }
  return { value: JSON.parse(text, note) as Json, lossy }
}

/** The digits that count. Where the point is need not be compared: rounding moves it for no number whose digits it keeps. */
function digitsOf(number: string): string {
  return number.replace(/e.*/i, '').replaceAll(/^[-0.]+|[.0]+$|\./g, '')
}

/**
 * Writes JSON.
 *
 * @throws HoldfastError `lossy-number` for one of the rounded numbers
 */
export function writeJson(body: Json, lossy: ReadonlySet<number>): string {
  return JSON.stringify(body, (name, value: unknown) => {
    if (typeof value === 'number' && lossy.has(value))
      throw new HoldfastError(
        'lossy-number',
        `${name === '' ? 'the value' : name} was rounded to ${value} when it was read; PATCH, and leave it as it is`,
      )
    return value
  })
}
