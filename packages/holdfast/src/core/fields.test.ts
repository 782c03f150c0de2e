import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ChangedFields, changeFields, toFields } from './fields.ts'

const sorted = (fields: Iterable<[string, string]>): string[] => Array.from(fields, ([name, value]) => `${name}: ${value}`).toSorted()

describe('toFields', () => {
  it('reads fields by name, whatever the case', () => {
    const fields = toFields({ 'Content-Type': 'text/plain' })
    expect([
      fields.get('content-type'),
      fields.get('CONTENT-TYPE'),
      fields.has('Content-type'),
      fields.get('x-none'),
      fields.has('x-none'),
    ]).toEqual(['text/plain', 'text/plain', true, null, false])
  })

  it('joins several values of one name, but keeps cookies apart', () => {
    const fields = toFields({ vary: ['accept', 'origin'], 'Set-Cookie': ['a=1', 'b=2'] })
    expect([fields.get('vary'), fields.getSetCookie(), fields.get('set-cookie')]).toEqual(['accept, origin', ['a=1', 'b=2'], 'a=1, b=2'])
    expect([...fields]).toEqual([
      ['vary', 'accept, origin'],
      ['set-cookie', 'a=1'],
      ['set-cookie', 'b=2'],
    ])
  })

  it('leaves out what is undefined', () => {
    expect([...toFields({ 'x-a': undefined, 'x-b': '' })]).toEqual([['x-b', '']])
  })

  it('hands out copies of its cookies', () => {
    const fields = toFields({ 'set-cookie': 'a=1' })
    fields.getSetCookie().push('b=2')
    expect(fields.getSetCookie()).toEqual(['a=1'])
  })

  it('agrees with Headers on any fields', () => {
    const name = fc.constantFrom('X-A', 'x-a', 'X-b', 'vary', 'Set-Cookie', 'set-cookie')
    const value = fc.stringMatching(/^[!-~]{0,8}$/)
    fc.assert(
      fc.property(fc.array(fc.tuple(name, value)), (pairs) => {
        const [ours, theirs] = [toFields(pairs), new Headers(pairs)]
        expect(sorted(ours)).toEqual(sorted(theirs))
        expect(ours.getSetCookie()).toEqual(theirs.getSetCookie())
        for (const one of ['x-a', 'X-B', 'vary', 'set-cookie', 'x-none'])
          expect([one, ours.get(one), ours.has(one)]).toEqual([one, theirs.get(one), theirs.has(one)])
      }),
    )
  })
})

describe('changeFields', () => {
  const base = toFields({ 'x-a': '1', 'x-b': '2', 'set-cookie': ['a=1', 'b=2'] })

  it('sets, replaces and removes without touching the base', () => {
    const changed = changeFields(base, { 'X-A': 'new', 'x-b': undefined, 'x-c': '3' })
    expect(sorted(changed)).toEqual(['set-cookie: a=1', 'set-cookie: b=2', 'x-a: new', 'x-c: 3'])
    expect([changed.get('X-B'), changed.has('x-b'), base.get('x-b')]).toEqual([null, false, '2'])
  })

  it('lets one cookie take the place of all, or removes them', () => {
    expect(changeFields(base, { 'set-cookie': 'c=3' }).getSetCookie()).toEqual(['c=3'])
    expect(changeFields(base, { 'Set-Cookie': undefined }).getSetCookie()).toEqual([])
    expect(changeFields(base, {}).getSetCookie()).toEqual(['a=1', 'b=2'])
  })

  it('lays changes over changes flat, the last one winning', () => {
    const twice = changeFields(changeFields(base, { 'x-a': 'one', 'x-d': '4' }), { 'x-a': 'two' })
    expect(twice).toBeInstanceOf(ChangedFields)
    expect([(twice as ChangedFields).base, twice.get('x-a'), twice.get('x-d')]).toEqual([base, 'two', '4'])
  })

  it('works on Headers', () => {
    expect(changeFields(new Headers({ 'x-a': '1' }), { 'x-b': '2' }).get('x-a')).toBe('1')
  })
})
