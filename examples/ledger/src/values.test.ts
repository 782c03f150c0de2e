import { describe, expect, it } from 'vitest'
import { createClock, toTimestamp } from './clock.ts'
import { newExternalNo, newId } from './ids.ts'
import { parseJson, toJson } from './json.ts'
import { createMatcher } from './matcher.ts'
import { formatCents } from './money.ts'

describe('values', () => {
  it('writes cents with two digits and their sign', () => {
    expect([0n, 1n, -1n, 10n, 1050n, -100_000_000_000_000n].map(formatCents)).toEqual([
      '0.00',
      '0.01',
      '-0.01',
      '0.10',
      '10.50',
      '-1000000000000.00',
    ])
  })

  it('reads and writes JSON without changing a number', () => {
    const text = '{"a":9007199254740993,"b":[1.10,-0,1e400,0.1],"c":{"__proto__":1}}'
    expect(toJson(parseJson(text))).toBe(text)
    expect(toJson({ big: 2n ** 63n })).toBe('{"big":9223372036854775808}')
    expect(parseJson('[1,0.5]')).toEqual([1, 0.5])
  })

  it('makes ids that sort by time, and none twice', () => {
    const instants = [1, 31, 32, 1_700_000_000_000_000, 1_700_000_000_000_001, 2 ** 53 - 1]
    const ids = instants.map((at) => newId('trf', at))
    expect(ids.toSorted()).toEqual(ids)
    expect(ids.every((id) => /^trf_[0-9A-HJKMNP-TV-Z]{26}$/.test(id))).toBe(true)
    expect(new Set(Array.from({ length: 1000 }, () => newId('wal', 1))).size).toBe(1000)
  })

  it('makes external numbers that a double cannot hold', () => {
    for (let round = 0; round < 1000; round += 1) {
      const number = newExternalNo()
      expect(number > 2n ** 53n && number < 2n ** 63n && BigInt(Number(number)) !== number).toBe(true)
    }
  })

  it('writes microseconds, and can be set forward', () => {
    expect(toTimestamp(1_795_514_400_123_456)).toBe('2026-11-24T10:00:00.123456Z')
    expect(toTimestamp(1_795_514_400_000_007)).toBe('2026-11-24T10:00:00.000007Z')
    const clock = createClock()
    const before = clock.now()
    expect(Math.abs(before / 1000 - Date.now())).toBeLessThan(2000)
    clock.advance(60)
    expect(clock.now() - before).toBeGreaterThanOrEqual(60_000_000)
  })

  it('finds the route of a call, and decodes its names only when asked', () => {
    const match = createMatcher(['GET /wallets/:id', 'GET /wallets/:id/entries', 'POST /transfers'])
    expect(match('HEAD', '/wallets/a%20b?x=/y')).toMatchObject({ name: 'GET /wallets/:id' })
    expect(match('GET', 'https://host/wallets/a%20b/entries')?.params()).toEqual({ id: 'a b' })
    for (const path of ['/wallets/', '/wallets//entries', '/wallets/a/', '/transfers']) expect(match('GET', path)).toBeUndefined()
    expect(() => match('GET', '/wallets/%zz')?.params()).toThrow(URIError)
  })
})
