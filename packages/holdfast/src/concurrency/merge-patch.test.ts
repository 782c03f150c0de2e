import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { mergePatch } from './merge-patch.ts'

describe('a merge patch', () => {
  // RFC 7396, appendix A.
  it.each([
    ['{"a":"b"}', '{"a":"c"}', '{"a":"c"}'],
    ['{"a":"b"}', '{"b":"c"}', '{"a":"b","b":"c"}'],
    ['{"a":"b"}', '{"a":null}', '{}'],
    ['{"a":"b","b":"c"}', '{"a":null}', '{"b":"c"}'],
    ['{"a":["b"]}', '{"a":"c"}', '{"a":"c"}'],
    ['{"a":"c"}', '{"a":["b"]}', '{"a":["b"]}'],
    ['{"a":{"b":"c"}}', '{"a":{"b":"d","c":null}}', '{"a":{"b":"d"}}'],
    ['{"a":[{"b":"c"}]}', '{"a":[1]}', '{"a":[1]}'],
    ['["a","b"]', '["c","d"]', '["c","d"]'],
    ['{"a":"b"}', '["c"]', '["c"]'],
    ['{"a":"foo"}', 'null', 'null'],
    ['{"a":"foo"}', '"bar"', '"bar"'],
    ['{"e":null}', '{"a":1}', '{"e":null,"a":1}'],
    ['[1,2]', '{"a":"b","c":null}', '{"a":"b"}'],
    ['{}', '{"a":{"bb":{"ccc":null}}}', '{"a":{"bb":{}}}'],
  ])('of %s with %s is %s', (document, patch, expected) => {
    expect(JSON.stringify(mergePatch.apply(JSON.parse(document), JSON.parse(patch)))).toBe(expected)
  })

  it('leaves the document it is given as it is, and can be applied again to the same end', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 3 }), fc.jsonValue({ maxDepth: 3 }), (document, patch) => {
        const before = JSON.stringify(document)
        const once = mergePatch.apply(document, patch)
        expect(JSON.stringify(document)).toBe(before)
        expect(mergePatch.apply(once, patch)).toEqual(once)
      }),
    )
  })

  it('makes members of whatever name, and no prototypes', () => {
    const patched = mergePatch.apply(
      {},
      JSON.parse('{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}'),
    ) as object
    expect([Object.hasOwn(patched, '__proto__'), Object.hasOwn(patched, 'constructor')]).toEqual([true, true])
    expect([Object.getPrototypeOf(patched), ({} as { polluted?: boolean }).polluted]).toEqual([Object.prototype, undefined])
  })

  it('is refused when it is nested deeper than any resource', () => {
    const nested = (depth: number): unknown => JSON.parse('{"a":'.repeat(depth) + '1' + '}'.repeat(depth))
    expect(() => mergePatch.apply({}, nested(200))).not.toThrow()
    expect(() => mergePatch.apply({}, nested(202))).toThrow('nested more than 200 levels deep')
  })
})
