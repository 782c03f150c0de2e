import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { toBytes } from './parsed-body.ts'

const text = (value: unknown): string => Buffer.from(toBytes(value)).toString()

function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed)
  if (typeof value !== 'object' || value === null) return value
  const members = Object.entries(value).toReversed()
  return Object.fromEntries(members.map(([name, member]) => [name, reversed(member)]))
}

describe('the bytes of a parsed body', () => {
  it('are those a parser kept, and the text of a text', () => {
    const bytes = Uint8Array.of(0, 255)
    expect([toBytes(bytes), text('é')]).toEqual([bytes, 'é'])
  })

  it.each([
    [{ b: [1, { d: null, c: 'é' }], a: 1.5 }, '{"a":1.5,"b":[1,{"c":"é","d":null}]}'],
    [[undefined, 1n, true], '[null,1,true]'],
    [new Date(0), '"1970-01-01T00:00:00.000Z"'],
    [null, 'null'],
    [{ '\u20ac': 1, '\r': 2, '1': 3 }, '{"\\r":2,"1":3,"€":1}'],
  ])('are the canonical JSON of other values, %#', (value, expected) => {
    expect(text(value)).toBe(expected)
  })

  it('are the same whatever the order of members, and say the same as the value', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const own = Array.isArray(value) || (typeof value === 'object' && value !== null) ? value : [value]
        expect(text(reversed(own))).toBe(text(own))
        expect(JSON.parse(text(own))).toEqual(JSON.parse(JSON.stringify(own)))
      }),
    )
  })
})
