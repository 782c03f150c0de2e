import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { contains, isSame, mergeThreeWays, toMergePatch } from './merge-patch.ts'
import type { Json } from './merge-patch.ts'

const json = fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<Json>
const names = fc.constantFrom('a', 'b', 'c', '__proto__', 'constructor', 'a/b', '~')
const withoutNull: fc.Arbitrary<Json> = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.integer(),
    fc.string(),
    fc.boolean(),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(names, tie('value'), { maxKeys: 4, noNullPrototype: true }),
  ),
})).value

/** RFC 7396 section 2. */
function applyMergePatch(target: Json | undefined, patch: Json): Json {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch
  const isObject = typeof target === 'object' && target !== null && !Array.isArray(target)
  const members = new Map<string, Json>(isObject ? Object.entries(target) : [])
  for (const [name, change] of Object.entries(patch)) {
    if (change === null) members.delete(name)
    else members.set(name, applyMergePatch(members.get(name), change as Json))
  }
  return Object.fromEntries(members)
}

describe('toMergePatch', () => {
  it.each([
    [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
    [{ a: 'b' }, { a: 'b', b: 'c' }, { b: 'c' }],
    [{ a: 'b' }, {}, { a: null }],
    [{ a: [1, 2] }, { a: [1, 3] }, { a: [1, 3] }],
    [{ a: { b: 1, c: 2 } }, { a: { b: 1 } }, { a: { c: null } }],
    [{ a: 1 }, [1], [1]],
    [1, 2, 2],
    [{ a: 1 }, { a: 1 }, undefined],
    [1, null, null],
  ] as [Json, Json, Json | undefined][])('of %j and %j is %j', (before, after, patch) => {
    expect(toMergePatch(before, after)).toEqual(patch)
  })

  it('makes the second of the first for all JSON without null', () => {
    fc.assert(
      fc.property(withoutNull, withoutNull, (before, after) => {
        const patch = toMergePatch(before, after)
        expect(isSame(patch === undefined ? before : applyMergePatch(before, patch), after)).toBe(true)
      }),
    )
  })

  it('never reaches a prototype', () => {
    const patch = toMergePatch({}, JSON.parse('{"__proto__":{"polluted":true}}') as Json) as Json
    expect(JSON.stringify(patch)).toBe('{"__proto__":{"polluted":true}}')
    expect(JSON.stringify(applyMergePatch({}, patch))).toBe('{"__proto__":{"polluted":true}}')
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined()
  })
})

describe('contains', () => {
  it('is true of what a patch made', () => {
    fc.assert(fc.property(json, json, (target, patch) => contains(applyMergePatch(target, patch), patch)))
  })

  it('takes null and nothing for the same, and other values for others', () => {
    expect([contains({ a: null, b: 1 }, { a: null }), contains({ b: 1 }, { a: null }), contains({ a: 0 }, { a: null })]).toEqual([
      true,
      true,
      false,
    ])
    expect([contains({ a: 2, b: 9 }, { a: 2 }), contains({ a: 1 }, { a: 2 }), contains({}, { a: 2 })]).toEqual([true, false, false])
  })
})

describe('mergeThreeWays', () => {
  it('merges changes of different members, however deep', () => {
    const base = { a: 1, deep: { x: 1, y: 1 }, gone: 1 }
    expect(mergeThreeWays(base, { a: 2, deep: { x: 2, y: 1 }, gone: 1 }, { a: 1, deep: { x: 1, y: 2 }, fresh: 1 })).toEqual({
      value: { a: 2, deep: { x: 2, y: 2 }, fresh: 1 },
    })
  })

  it('names the pointers where both changed the same', () => {
    const merged = mergeThreeWays({ a: 1, 'b/c': { d: 1 }, list: [1] }, { a: 2, 'b/c': { d: 2 }, list: [1, 2] }, { a: 3, 'b/c': { d: 3 } })
    expect(merged).toEqual({ overlaps: ['/a', '/b~1c/d', '/list'] })
  })

  it('takes the same change twice for one', () => {
    expect(mergeThreeWays({ a: 1 }, { a: 2 }, { a: 2 })).toEqual({ value: { a: 2 } })
  })

  it('gives one side where the other changed nothing', () => {
    fc.assert(
      fc.property(withoutNull, withoutNull, (base, other) => {
        expect(mergeThreeWays(base, other, base)).toEqual({ value: other })
        expect(mergeThreeWays(base, base, other)).toEqual({ value: other })
      }),
    )
  })

  it('contains both changes when nothing overlaps', () => {
    const edits = fc.dictionary(fc.constantFrom('a', 'b', 'c'), fc.integer(), { noNullPrototype: true })
    fc.assert(
      fc.property(edits, edits, (mine, theirs) => {
        const base: Json = { a: 'base', b: 'base', c: 'base' }
        const merged = mergeThreeWays(base, { ...base, ...mine }, { ...base, ...theirs })
        const overlaps = Object.keys(mine).filter((name) => name in theirs && mine[name] !== theirs[name])
        if (overlaps.length > 0) expect(merged).toEqual({ overlaps: expect.arrayContaining(overlaps.map((name) => `/${name}`)) as unknown })
        else expect(merged).toEqual({ value: { ...base, ...mine, ...theirs } })
      }),
    )
  })
})
