import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { toFields } from '../core/index.ts'
import { findKey, mintedAt, parseKey } from './key.ts'

const printable = fc.string({
  unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)),
  minLength: 1,
  maxLength: 255,
})
const quote = (key: string): string => `"${key.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`

describe('reading an idempotency key', () => {
  it('finds no key where the header is missing', () => {
    expect(parseKey(null)).toBeUndefined()
  })

  it('reads a quoted and a bare key as the same key', () => {
    expect(parseKey('"8e03978e-40d5-43dd"')).toEqual({ key: '8e03978e-40d5-43dd' })
    expect(parseKey('8e03978e-40d5-43dd')).toEqual({ key: '8e03978e-40d5-43dd' })
    expect(parseKey(' \t"k"\t ')).toEqual({ key: 'k' })
  })

  it('reads every quoted key of 1 to 255 visible ASCII characters as it was written', () => {
    fc.assert(
      fc.property(printable, (key) => {
        expect(parseKey(quote(key))).toEqual({ key })
      }),
    )
  })

  it('reads every bare key that has no comma, semicolon or quote', () => {
    fc.assert(
      fc.property(
        printable.filter((key) => !/[",;]/.test(key)),
        (key) => {
          expect(parseKey(key)).toEqual({ key })
        },
      ),
    )
  })

  it.each([
    ['nothing', '', 'the header is empty'],
    ['white space', ' \t ', 'the header is empty'],
    ['an empty string', '""', 'the key is empty'],
    ['a space inside quotes', '"a b"', 'the key has characters other than visible ASCII'],
    ['a space in a bare key', 'a b', 'the key has characters other than visible ASCII'],
    ['a control character', 'a\u0007b', 'the key has characters other than visible ASCII'],
    ['a letter beyond ASCII', 'schlüssel', 'the key has characters other than visible ASCII'],
    ['a no-break space before the key', '\u00a0k', 'the key has characters other than visible ASCII'],
    ['a vertical tab after the key', 'k\u000b', 'the key has characters other than visible ASCII'],
    ['a letter beyond ASCII inside quotes', '"schlüssel"', 'the key has characters other than visible ASCII'],
    ['a quote in a bare key', 'a"b', 'the key has characters other than visible ASCII'],
    ['two header lines', 'a, b', 'the header holds more than one value'],
    ['two strings', '"a", "b"', 'the header holds more than one value'],
    ['two equal strings', '"a","a"', 'the header holds more than one value'],
    ['a bare key with a comma', 'a,b', 'the header holds more than one value'],
    ['parameters', '"a";v=1', 'parameters are not allowed'],
    ['parameters on a bare key', 'a;v=1', 'parameters are not allowed'],
    ['an open quote', '"a', 'the header is not a quoted string (RFC 9651 section 3.3.3)'],
    ['a lone quote', '"', 'the header is not a quoted string (RFC 9651 section 3.3.3)'],
    ['text after the string', '"a"b', 'the header is not a quoted string (RFC 9651 section 3.3.3)'],
    ['an unknown escape', '"a\\n"', 'the header is not a quoted string (RFC 9651 section 3.3.3)'],
  ])('refuses %s', (_what, value, reason) => {
    expect(parseKey(value)).toEqual({ invalid: reason })
  })

  it('counts characters of the key, not of its quotes', () => {
    expect(parseKey(quote('k'.repeat(255)))).toEqual({ key: 'k'.repeat(255) })
    expect(parseKey('k'.repeat(256))).toEqual({ invalid: 'the key has 256 characters; at most 255 are allowed' })
  })

  it('never throws, and gives only keys of visible ASCII, whatever the header holds', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 12 }), fc.boolean(), (text, isQuoted) => {
        const value = isQuoted ? `"${text}"` : text
        const parsed = parseKey(value)
        if (parsed !== undefined && 'key' in parsed) expect(parsed.key).toMatch(/^[\x21-\x7e]{1,255}$/)
      }),
      { numRuns: 1000 },
    )
  })
})

describe('finding a key among several headers', () => {
  const names = ['idempotency-key', 'x-idempotency-key']

  it('takes the one that is there', () => {
    expect(findKey(toFields({ 'X-Idempotency-Key': 'k' }), names)).toEqual({ key: 'k' })
  })

  it('accepts the same key twice, and refuses two different ones', () => {
    expect(findKey(toFields({ 'idempotency-key': '"k"', 'x-idempotency-key': 'k' }), names)).toEqual({ key: 'k' })
    expect(findKey(toFields({ 'idempotency-key': 'a', 'x-idempotency-key': 'b' }), names)).toEqual({
      invalid: 'x-idempotency-key contradicts another header that carries a key',
    })
  })

  it('refuses a call with one good and one bad header', () => {
    expect(findKey(toFields({ 'idempotency-key': 'a', 'x-idempotency-key': '' }), names)).toEqual({ invalid: 'the header is empty' })
  })
})

describe('reading when a key was made', () => {
  const none = toFields()

  it('reads the time of a UUIDv7', () => {
    expect(mintedAt('019b7b5c-8c00-7abc-8def-0123456789ab', none)).toBe(0x019b7b5c8c00)
  })

  it('reads no time from other keys', () => {
    expect(mintedAt('8e03978e-40d5-43dd-bc93-6894a57f9324', none)).toBeUndefined()
    expect(mintedAt('order-17', none)).toBeUndefined()
    expect(mintedAt('019b7b5c-8c00-7abc-cdef-0123456789ab', none)).toBeUndefined()
  })

  it('reads a Repeatability-First-Sent field, if it is a date', () => {
    expect(mintedAt('order-17', toFields({ 'repeatability-first-sent': 'Thu, 01 Jan 2026 00:00:00 GMT' }))).toBe(Date.UTC(2026, 0, 1))
    expect(mintedAt('order-17', toFields({ 'repeatability-first-sent': 'yesterday' }))).toBeUndefined()
  })
})
