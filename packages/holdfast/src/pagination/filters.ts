import { configurationError } from '../core/index.ts'

/** Declares one query parameter that narrows a list. Its values stay text. */
export interface FilterDeclaration {
  /** The values there are. @default any */
  readonly oneOf?: readonly string[]
  /** Checks a value and gives it in one form; `undefined` refuses it. @default as it came */
  readonly parse?: (text: string) => string | undefined
  /** What a refused value is told: `must be a timestamp`. */
  readonly asks?: string
  /** In characters. @default 200 */
  readonly maxLength?: number
  /** Whether several values may be given, by repeating the parameter; they are a set. @default false */
  readonly many?: boolean
  /** What counts where the parameter is absent. Naming it makes no other list. */
  readonly default?: string
}

/** A filter with every default filled in. */
export interface Filter {
  readonly name: string
  readonly many: boolean
  readonly default: string | undefined
  /** The value in one form, or what is wrong with it. */
  read(text: string): { readonly value: string } | { readonly detail: string }
}

const reserved = ['limit', 'cursor', 'sort', 'count']

/**
 * Checks a filter.
 *
 * @throws HoldfastError `configuration-invalid`
 */
export function toFilter(where: string, name: string, declared: FilterDeclaration): Filter {
  const { oneOf, parse, asks = 'is not valid', maxLength = 200, many = false } = declared
  const at = `${where}: filter ${name}`
  if (reserved.includes(name)) throw configurationError(`${at}: expected another name; ${reserved.join(', ')} have a meaning of their own`)
  if (!(Number.isInteger(maxLength) && maxLength > 0))
    throw configurationError(`${at}: maxLength: expected a number above 0, got ${maxLength}`)
  const filter: Filter = {
    name,
    many,
    default: declared.default,
    read(text) {
      if (text.length > maxLength) return { detail: `must have at most ${maxLength} characters` }
      // Postgres cannot be asked for U+0000, and half a surrogate pair is no text.
      if (text.includes('\0') || !text.isWellFormed()) return { detail: 'must be text without U+0000' }
      if (oneOf !== undefined && !oneOf.includes(text)) return { detail: `must be one of ${oneOf.join(', ')}` }
      const value = parse === undefined ? text : parse(text)
      return value === undefined ? { detail: asks } : { value }
    },
  }
  if (declared.default !== undefined && 'detail' in filter.read(declared.default))
    throw configurationError(`${at}: default: expected a value the filter accepts, got ${JSON.stringify(declared.default)}`)
  return filter
}
