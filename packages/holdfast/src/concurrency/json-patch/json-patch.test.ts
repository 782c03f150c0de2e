import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cpuMsOf } from '../../../test/support/cpu-time.ts'
import { mergePatch } from '../merge-patch.ts'
import { PatchError } from '../patch-format.ts'
import { jsonPatch } from './json-patch.ts'

const codeOf = (document: unknown, patch: unknown): string => {
  try {
    jsonPatch.apply(document, patch)
    return 'applied'
  } catch (error) {
    return error instanceof PatchError ? error.code : String(error)
  }
}

describe('a JSON Patch', () => {
  // RFC 6902, appendix A.
  it.each([
    ['A.1', { foo: 'bar' }, [{ op: 'add', path: '/baz', value: 'qux' }], { foo: 'bar', baz: 'qux' }],
    ['A.2', { foo: ['bar', 'baz'] }, [{ op: 'add', path: '/foo/1', value: 'qux' }], { foo: ['bar', 'qux', 'baz'] }],
    ['A.3', { baz: 'qux', foo: 'bar' }, [{ op: 'remove', path: '/baz' }], { foo: 'bar' }],
    ['A.4', { foo: ['bar', 'qux', 'baz'] }, [{ op: 'remove', path: '/foo/1' }], { foo: ['bar', 'baz'] }],
    ['A.5', { baz: 'qux' }, [{ op: 'replace', path: '/baz', value: 'boo' }], { baz: 'boo' }],
    [
      'A.6',
      { foo: { bar: 'baz', waldo: 'fred' }, qux: {} },
      [{ op: 'move', from: '/foo/waldo', path: '/qux/thud' }],
      { foo: { bar: 'baz' }, qux: { thud: 'fred' } },
    ],
    [
      'A.7',
      { foo: ['all', 'grass', 'cows', 'eat'] },
      [{ op: 'move', from: '/foo/1', path: '/foo/3' }],
      { foo: ['all', 'cows', 'eat', 'grass'] },
    ],
    [
      'A.8',
      { baz: 'qux', foo: ['a', 2, 'c'] },
      [
        { op: 'test', path: '/baz', value: 'qux' },
        { op: 'test', path: '/foo/1', value: 2 },
      ],
      { baz: 'qux', foo: ['a', 2, 'c'] },
    ],
    ['A.10', { foo: 'bar' }, [{ op: 'add', path: '/child', value: { grandchild: {} } }], { foo: 'bar', child: { grandchild: {} } }],
    ['A.11', { foo: 'bar' }, [{ op: 'add', path: '/baz', value: 'qux', xyz: 123 }], { foo: 'bar', baz: 'qux' }],
    ['A.14', { '/': 9, '~1': 10 }, [{ op: 'test', path: '/~01', value: 10 }], { '/': 9, '~1': 10 }],
    ['A.16', { foo: ['bar'] }, [{ op: 'add', path: '/foo/-', value: ['abc', 'def'] }], { foo: ['bar', ['abc', 'def']] }],
    ['the whole', { foo: 1 }, [{ op: 'replace', path: '', value: { bar: 2 } }], { bar: 2 }],
    [
      'null',
      { foo: 1 },
      [
        { op: 'replace', path: '/foo', value: null },
        { op: 'test', path: '/foo', value: null },
      ],
      { foo: null },
    ],
    [
      'a copy',
      { a: { b: 1 } },
      [
        { op: 'copy', from: '/a', path: '/c' },
        { op: 'replace', path: '/a/b', value: 2 },
      ],
      { a: { b: 2 }, c: { b: 1 } },
    ],
    ['an order that does not matter', { a: { b: 1, c: 2 } }, [{ op: 'test', path: '/a', value: { c: 2, b: 1 } }], { a: { b: 1, c: 2 } }],
  ])('is applied: %s', (_name, document, patch, expected) => {
    const before = JSON.stringify(document)
    expect(jsonPatch.apply(document, patch)).toEqual(expected)
    expect(JSON.stringify(document)).toBe(before)
  })

  it.each([
    ['A.9', { baz: 'qux' }, [{ op: 'test', path: '/baz', value: 'bar' }], 'patch-test-failed'],
    ['A.12', { foo: 'bar' }, [{ op: 'add', path: '/baz/bat', value: 'qux' }], 'patch-inapplicable'],
    ['A.15', { '/': 9, '~1': 10 }, [{ op: 'test', path: '/~01', value: '10' }], 'patch-test-failed'],
    ['a test of nothing', {}, [{ op: 'test', path: '/a', value: null }], 'patch-test-failed'],
    ['a test of what objects inherit', {}, [{ op: 'test', path: '/toString', value: null }], 'patch-test-failed'],
    ['a copy of what objects inherit', {}, [{ op: 'copy', from: '/toString', path: '/a' }], 'patch-inapplicable'],
    ['an item that is not there', { a: [1] }, [{ op: 'replace', path: '/a/1', value: 2 }], 'patch-inapplicable'],
    ['an item without a number', { a: [1] }, [{ op: 'replace', path: '/a/x', value: 2 }], 'patch-inapplicable'],
    ['an item with a zero before it', { a: [1, 2] }, [{ op: 'remove', path: '/a/01' }], 'patch-inapplicable'],
    ['an item after the end', { a: [1] }, [{ op: 'add', path: '/a/3', value: 2 }], 'patch-inapplicable'],
    ['the length of an array', { a: [1] }, [{ op: 'replace', path: '/a/length', value: 0 }], 'patch-inapplicable'],
    ['the end of an array, read', { a: [1] }, [{ op: 'test', path: '/a/-', value: 1 }], 'patch-test-failed'],
    [
      'a test of what cannot be written as a text',
      { a: 1 },
      [{ op: 'test', path: '/a', value: { toString: 0, valueOf: 0 } }],
      'patch-test-failed',
    ],
    ['a test against such', { a: { toString: 0, valueOf: 0 } }, [{ op: 'test', path: '/a', value: 1 }], 'patch-test-failed'],
    ['a removal of the whole', {}, [{ op: 'remove', path: '' }], 'patch-inapplicable'],
    ['no list', {}, { op: 'add' }, 'patch-invalid'],
    ['no op', {}, [{ path: '/a', value: 1 }], 'patch-invalid'],
    ['an unknown op', {}, [{ op: 'set', path: '/a', value: 1 }], 'patch-invalid'],
    ['an inherited op', {}, [{ op: 'toString', path: '/a', value: 1 }], 'patch-invalid'],
    ['no path', {}, [{ op: 'add', value: 1 }], 'patch-invalid'],
    ['a path without a slash', {}, [{ op: 'add', path: 'a', value: 1 }], 'patch-invalid'],
    ['a path with a bad escape', {}, [{ op: 'add', path: '/~2', value: 1 }], 'patch-invalid'],
    ['no value', {}, [{ op: 'add', path: '/a' }], 'patch-invalid'],
    ['no from', {}, [{ op: 'move', path: '/a' }], 'patch-invalid'],
    ['null for an operation', {}, [null], 'patch-invalid'],
    ['a move into itself', { a: {} }, [{ op: 'move', from: '/a', path: '/a/b' }], 'patch-invalid'],
    ['a prototype', {}, [{ op: 'add', path: '/__proto__/polluted', value: 1 }], 'patch-invalid'],
    ['a constructor', {}, [{ op: 'add', path: '/constructor/prototype/polluted', value: 1 }], 'patch-invalid'],
    ['too many operations', {}, Array.from({ length: 1_001 }, () => ({ op: 'add', path: '/a', value: 1 })), 'patch-invalid'],
  ])('is refused, and nothing is applied: %s', (_name, document, patch, code) => {
    const before = JSON.stringify(document)
    expect(codeOf(document, patch)).toBe(code)
    expect(JSON.stringify(document)).toBe(before)
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined()
  })

  it('does not grow beyond measure by copies of copies', () => {
    const patch = Array.from({ length: 60 }, (_, at) => ({ op: 'copy', from: '/a', path: `/a/${at}` }))
    expect(cpuMsOf(() => expect(codeOf({ a: { x: 1 } }, patch)).toBe('patch-invalid'))).toBeLessThan(2_000)
  })

  it('is applied or refused, and never fails otherwise', () => {
    const pointer = fc
      .array(fc.constantFrom('a', 'b', '0', '1', '-', 'length', '__proto__', '~0', ''), { maxLength: 3 })
      .map((parts) => parts.map((part) => `/${part}`).join(''))
    const operation = fc.record({
      op: fc.constantFrom('add', 'remove', 'replace', 'move', 'copy', 'test'),
      path: pointer,
      from: pointer,
      value: fc.jsonValue({ maxDepth: 1 }),
    })
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 2 }), fc.array(operation, { maxLength: 6 }), (document, patch) => {
        expect(['applied', 'patch-invalid', 'patch-inapplicable', 'patch-test-failed']).toContain(codeOf(document, patch))
        expect(Object.keys(Object.prototype)).toEqual([])
      }),
      { numRuns: 500 },
    )
  })

  it('keeps numbers that are kept as text, and looks for nothing inside of them', () => {
    const big = (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON('12345678901234567890')
    for (const patch of [
      [{ op: 'add', path: '/b', value: big }],
      [
        { op: 'add', path: '/b', value: 0 },
        { op: 'replace', path: '/b', value: big },
      ],
      [{ op: 'copy', from: '/a', path: '/b' }],
    ])
      expect(JSON.stringify(jsonPatch.apply({ a: big }, patch))).toBe('{"a":12345678901234567890,"b":12345678901234567890}')
    expect(codeOf({ a: big }, [{ op: 'replace', path: '/a/rawJSON', value: 1 }])).toBe('patch-inapplicable')
    expect(codeOf({ a: { b: big } }, [{ op: 'add', path: '/a/b/rawJSON', value: 1 }])).toBe('patch-inapplicable')
  })

  it('takes a row without a prototype for the object it is, and leaves it as it was', () => {
    const row: unknown = Object.assign(Object.create(null) as object, { id: 1, name: 'a' })
    expect(jsonPatch.apply(row, [{ op: 'replace', path: '/name', value: 'b' }])).toEqual({ id: 1, name: 'b' })
    expect(mergePatch.apply(row, { name: 'b' })).toEqual({ id: 1, name: 'b' })
    expect(row).toEqual({ id: 1, name: 'a' })
  })

  it('moves to a place that is there once the value was taken', () => {
    const list = { r: [[1], [2], [3]] }
    expect(jsonPatch.apply(list, [{ op: 'move', from: '/r/0', path: '/r/2' }])).toEqual({ r: [[2], [3], [1]] })
    expect(jsonPatch.apply(list, [{ op: 'move', from: '/r/0', path: '/r/1/0' }])).toEqual({ r: [[2], [[1], 3]] })
    expect(codeOf(list, [{ op: 'move', from: '/r/0', path: '/r/3' }])).toBe('patch-inapplicable')
    expect(codeOf({ r: [1, {}, 2] }, [{ op: 'move', from: '/r/0', path: '/r/1/a' }])).toBe('patch-inapplicable')
    expect(codeOf(list, [{ op: 'move', from: '/r/0', path: '/r/2/0' }])).toBe('patch-inapplicable')
  })

  it('refuses values that are nested too deep to be copied or compared', () => {
    const nested = (): unknown => JSON.parse('['.repeat(100_000) + ']'.repeat(100_000))
    expect(codeOf({}, [{ op: 'add', path: '/a', value: nested() }])).toBe('patch-invalid')
    expect(codeOf({ a: 1 }, [{ op: 'replace', path: '/a', value: { b: nested() } }])).toBe('patch-invalid')
  })
})
