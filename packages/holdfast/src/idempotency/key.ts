import { parseItem } from 'structured-headers'
import type { HeaderReader } from '../core/index.ts'

/** What the header said: a key, nothing, or something that is no key, with the reason. */
export type ParsedKey = { readonly key: string } | { readonly invalid: string } | undefined

/** The header fields a key may come in. The first is the standard one; the others are what older callers send. */
export const keyHeaders: readonly string[] = ['idempotency-key']

const longestKey = 255
const bareKey = /^[\x21-\x7e]+$/
const visible = /^[\x21-\x7e]*$/
/** What may stand in the field at all; `trim` would otherwise take white space away that is no white space to HTTP. */
const fieldText = /^[\t\x20-\x7e]*$/

/**
 * Reads the value of an Idempotency-Key field (draft-ietf-httpapi-idempotency-key-header-07). `"k"` (RFC 9651 string) and `k`
 * are the same key: half of all callers forget the quotes.
 *
 * @example
 * parseKey('"8e03978e"') // { key: '8e03978e' }
 * parseKey('"a", "b"') // { invalid: 'the header holds more than one value' }
 */
export function parseKey(value: string | null): ParsedKey {
  if (value === null) return undefined
  if (!fieldText.test(value)) return { invalid: 'the key has characters other than visible ASCII' }
  const text = value.trim()
  if (text === '') return { invalid: 'the header is empty' }
  const key = text.startsWith('"') ? quoted(text) : bare(text)
  if (typeof key !== 'string') return key
  if (key === '') return { invalid: 'the key is empty' }
  if (key.length > longestKey) return { invalid: `the key has ${key.length} characters; at most ${longestKey} are allowed` }
  return { key }
}

function bare(text: string): string | { invalid: string } {
  // Two header lines reach us joined with a comma, so a comma in a bare key cannot be told from two keys.
  if (text.includes(',')) return { invalid: 'the header holds more than one value' }
  if (text.includes(';')) return { invalid: 'parameters are not allowed' }
  if (!bareKey.test(text) || text.includes('"')) return { invalid: 'the key has characters other than visible ASCII' }
  return text
}

/** A string without escapes (RFC 9651 section 3.3.3), as nearly all keys are: known without a parser. */
const plainString = /^"([\x21\x23-\x5b\x5d-\x7e]*)"$/

function quoted(text: string): string | { invalid: string } {
  const plain = plainString.exec(text)?.[1]
  if (plain !== undefined) return plain
  let item: ReturnType<typeof parseItem>
  try {
    item = parseItem(text)
  } catch {
    return {
      invalid: text.includes('",') ? 'the header holds more than one value' : 'the header is not a quoted string (RFC 9651 section 3.3.3)',
    }
  }
  const [key, parameters] = item
  if (typeof key !== 'string') return { invalid: 'the header is not a string' }
  if (parameters.size > 0) return { invalid: 'parameters are not allowed' }
  if (!visible.test(key)) return { invalid: 'the key has characters other than visible ASCII' }
  return key
}

/** Finds the key of a call among several header names. Two names with different keys are an error, not a choice. */
export function findKey(headers: HeaderReader, names: readonly string[] = keyHeaders): ParsedKey {
  let found: ParsedKey
  for (const name of names) {
    const parsed = parseKey(headers.get(name))
    if (parsed === undefined) continue
    if ('invalid' in parsed) return parsed
    if (found !== undefined && 'key' in found && found.key !== parsed.key)
      return { invalid: `${name} contradicts another header that carries a key` }
    found = parsed
  }
  return found
}

/** Clocks of callers may run ahead of ours by this much before a key is called a forgery. Answers to such keys are kept for as much longer. */
export const clockToleranceMs = 300_000

const uuidV7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i

/** The time of a UUIDv7 as its first twelve digits, which sort by it; nothing for other keys. */
export function timeDigits(key: string): string {
  return key.length === 36 && uuidV7.test(key) ? (key.slice(0, 8) + key.slice(9, 13)).toLowerCase() : ''
}

/**
 * When a key was made, if it says so: a UUIDv7 carries its time (RFC 9562 section 5.7), and so does a Repeatability-First-Sent field.
 * Milliseconds since the epoch.
 */
export function mintedAt(key: string, headers: HeaderReader): number | undefined {
  const digits = timeDigits(key)
  if (digits !== '') return Number.parseInt(digits, 16)
  const firstSent = headers.get('repeatability-first-sent')
  if (firstSent === null) return undefined
  const at = Date.parse(firstSent)
  return Number.isNaN(at) ? undefined : at
}
