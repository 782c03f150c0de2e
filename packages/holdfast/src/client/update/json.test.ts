import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseJson, writeJson } from './json.ts'

describe('parseJson', () => {
  it.each(['9007199254740993', '12345678901234567890123', '0.12345678901234567891', '1e400', '123456789012345678e3'])(
    'notes that %s is rounded',
    (number) => {
      const { value, lossy } = parseJson(`{"digits":"0123456789012345678","n":${number.padStart(17)}}`)
      expect([...lossy]).toEqual([(value as { n: number }).n])
    },
  )

  it.each([
    '9007199254740992',
    '12345678901234500000',
    '1.50000000000000000000',
    '0.1',
    '1e21',
    '-100000000000000000',
    '0.0000000000000000001',
  ])('holds %s', (number) => {
    expect(parseJson(`[${number}]`).lossy.size).toBe(0)
  })

  it('notes nothing in what JavaScript wrote', () => {
    fc.assert(
      fc.property(
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        (number) => parseJson(JSON.stringify([number, 'x'.repeat(20)])).lossy.size === 0,
      ),
    )
  })
})

describe('writeJson', () => {
  it('refuses to write a rounded number back, and writes everything else', () => {
    const { value, lossy } = parseJson('{"external_no":9007199254740993,"n":1}')
    expect(() => writeJson(value, lossy)).toThrow(/external_no was rounded/)
    expect(writeJson({ n: 2 }, lossy)).toBe('{"n":2}')
  })
})
