import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fromEpoch, parseTimestamp } from './timestamp.ts'

const at = (text: string) => parseTimestamp(text)?.at

describe('a timestamp', () => {
  it.each([
    ['01/Aug/1995:02:00:04 -0400', '1995-08-01T06:00:04Z', -240],
    ['27/Dec/2015:06:29:35.123456 +0530', '2015-12-27T00:59:35.123Z', 330],
    ['2015-12-27 06:29:35.123456', '2015-12-27T06:29:35.123Z', undefined],
    ['2014-02-15T23:39:43.945958Z', '2014-02-15T23:39:43.945Z', 0],
    ['2026-11-24T08:00:00+01:00', '2026-11-24T07:00:00Z', 60],
    ['1646861401.524', '2022-03-09T21:30:01.524Z', 0],
    ['1646861401524', '2022-03-09T21:30:01.524Z', 0],
    ['1646861401524000', '2022-03-09T21:30:01.524Z', 0],
    ['1646861401524000000', '2022-03-09T21:30:01.524Z', 0],
  ])('%s is %s', (text, instant, zone) => {
    expect(parseTimestamp(text)).toEqual({ at: Date.parse(instant), zone })
  })

  it.each([
    '',
    '-',
    '31/Feb/1995:02:00:00 -0400',
    '01/Xyz/1995:02:00:00 -0400',
    '2026-13-01T00:00:00Z',
    '2026-01-01T24:00:00Z',
    '2026-01-01',
    '12',
    'NaN',
  ])('%j is none', (text) => {
    expect(parseTimestamp(text)).toBeUndefined()
  })

  it('may be a leap second', () => {
    expect(at('2016-12-31T23:59:60Z')).toBe(Date.parse('2017-01-01T00:00:00Z'))
  })

  it('reads back what ISO 8601 writes', () => {
    fc.assert(
      fc.property(fc.date({ min: new Date('1975-01-01'), max: new Date('2100-01-01'), noInvalidDate: true }), (date) => {
        expect(at(date.toISOString())).toBe(date.getTime())
        expect(fromEpoch(date.getTime() / 1000)?.at).toBe(date.getTime())
      }),
    )
  })

  it('is never an instant that is no number', () => {
    fc.assert(fc.property(fc.string(), (text) => !Number.isNaN(at(text) ?? 0)))
  })
})
