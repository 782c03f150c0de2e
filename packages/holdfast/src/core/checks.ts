import { configurationError } from './errors.ts'

/** Refuses an option that nobody knows: one that is misspelt would silently drop a promise. */
export function assertKnown(where: string, options: object, known: readonly string[]): void {
  const stranger = Object.keys(options).find((name) => !known.includes(name))
  if (stranger !== undefined) throw configurationError(`${where}: unknown option ${JSON.stringify(stranger)}; ${oneOf(known)}`)
}

/** Refuses a value that is none of a few. */
export function assertOneOf(name: string, value: unknown, expected: readonly unknown[], where: string = ''): void {
  if (!expected.includes(value)) throw configurationError(`${name}: ${oneOf(expected)}${where}, got ${JSON.stringify(value)}`)
}

/** Refuses what is no whole number from `least` to `most`. */
export function assertWhole(name: string, value: unknown, least: number, most: number = Number.MAX_SAFE_INTEGER): void {
  if (Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most) return
  const bound = most === Number.MAX_SAFE_INTEGER ? '' : ` to ${most}`
  throw configurationError(`${name}: expected a whole number from ${least}${bound}, got ${String(value)}`)
}

/** Refuses what is no finite number above 0. */
export function assertPositive(name: string, value: unknown, of: string = ''): void {
  if (!(Number.isFinite(value) && (value as number) > 0))
    throw configurationError(`${name}: expected a number${of} above 0, got ${String(value)}`)
}

const oneOf = (expected: readonly unknown[]): string => `expected one of ${expected.join(', ')}`
