import pg from 'pg'
import { afterAll, describe, expect, it } from 'vitest'
import { describeWithPostgres } from '../../../../../test/servers/index.ts'
import { bytes, identifier, number, span, text } from './literal.ts'

const hostile = ["'; DROP TABLE x; --", "\\'", "E'\\x41'", '$$', 'ключ', '"', '', ' ', '%s', '\u{1F511}', "a'b\\c\nd\te"]

describe('number', () => {
  it('refuses what is not a finite number', () => {
    expect(() => number(Number.NaN)).toThrow('expected a finite number, got NaN')
    expect(() => number('1; DROP TABLE x' as unknown as number)).toThrow('expected a finite number')
  })

  it('cuts a span to a century, so that no instant overflows', () => {
    expect(Number(span(Number.MAX_SAFE_INTEGER))).toBe(3_155_760_000_000)
  })
})

describe('identifier', () => {
  it('doubles quotation marks', () => expect(identifier('a"b')).toBe('"a""b"'))
})

describeWithPostgres('a literal', (url) => {
  const pool = new pg.Pool({ connectionString: url })
  afterAll(() => pool.end())

  for (const setting of ['on', 'off'])
    it(`comes back as it was, whatever it holds, with standard_conforming_strings ${setting}`, async () => {
      const client = await pool.connect()
      await client.query(`SET standard_conforming_strings = ${setting}; SET escape_string_warning = off`)
      for (const value of hostile) {
        const { rows } = await client.query(`SELECT ${text(value)} AS value`)
        expect(rows[0]).toEqual({ value })
      }
      const every = Uint8Array.from({ length: 256 }, (_, byte) => byte)
      const { rows } = await client.query(
        `SELECT ${bytes(every)} AS every, ${bytes(every.subarray(10, 12))} AS part, ${number(-1.5)}::float8 AS number`,
      )
      expect(rows[0]).toEqual({ every: Buffer.from(every), part: Buffer.from([10, 11]), number: -1.5 })
      client.release(true)
    })
})
