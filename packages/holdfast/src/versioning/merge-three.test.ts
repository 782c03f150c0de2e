import fc from 'fast-check'
import { expect, it } from 'vitest'
import { mergeThree } from './merge-three.ts'

const json = fc.dictionary(
  fc.constantFrom('a', 'b', 'c'),
  fc.oneof(
    fc.integer({ max: 3 }),
    fc.constant(null),
    fc.array(fc.integer({ max: 2 }), { maxLength: 2 }),
    fc.dictionary(fc.constantFrom('x', 'y'), fc.integer({ max: 2 })),
  ),
  { maxKeys: 3 },
)

it('keeps everything when the caller changed nothing', () => {
  fc.assert(
    fc.property(json, json, (base, current) => {
      expect(mergeThree(base, structuredClone(base), current)).toEqual(current)
    }),
  )
})

it('never loses a member that the caller could not see', () => {
  fc.assert(
    fc.property(json, json, fc.jsonValue(), (base, next, hidden) => {
      expect(mergeThree(base, next, { ...base, hidden } as typeof next)).toMatchObject({ hidden })
    }),
  )
})

it('takes every member that the caller changed', () => {
  fc.assert(
    fc.property(json, json, (base, next) => {
      const merged = mergeThree(base, next, base)
      expect(merged).toEqual(next)
    }),
  )
})

it('counts a number that kept its text as the number it is', () => {
  const { rawJSON } = JSON as unknown as { rawJSON(text: string): unknown }
  const current = { n: rawJSON('9007199254740993') }
  expect(mergeThree({ n: 9_007_199_254_740_993n }, { n: rawJSON('9007199254740993') }, current)).toBe(current)
})

it("gives nobody a prototype of the caller's", () => {
  const next = JSON.parse('{"__proto__":{"isAdmin":true},"name":"b"}') as { name: string; isAdmin?: boolean }
  expect(mergeThree({ name: 'a' }, next, { name: 'a', plan: 'free' } as typeof next).isAdmin).toBeUndefined()
})
