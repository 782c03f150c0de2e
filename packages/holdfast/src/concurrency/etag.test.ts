import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseTags } from './entity-tags.ts'
import { readStateTag, representationOf, stateTag, toState } from './etag.ts'

const state = fc.oneof(
  fc.maxSafeNat(),
  fc.string({ minLength: 1, maxLength: 20, unit: 'grapheme' }).filter((text) => text.isWellFormed()),
)

describe('the tag of a state', () => {
  it('is an entity tag, and says its state and its representation', () => {
    fc.assert(
      fc.property(state, fc.option(fc.constantFrom('0k3x9q', '000000'), { nil: undefined }), (value, representation) => {
        const parsed = parseTags(stateTag(value, representation))
        expect(parsed.kind).toBe('tags')
        const [tag] = parsed.kind === 'tags' ? parsed.tags : []
        expect(readStateTag(tag?.opaque ?? '')).toEqual({ state: toState(value), representation })
      }),
    )
  })

  it('differs for two states that differ', () => {
    fc.assert(fc.property(state, state, (a, b) => (toState(a) === toState(b)) === (stateTag(a) === stateTag(b))))
  })

  it('has one spelling: tags that were not written here are those of no state', () => {
    for (const opaque of [
      '',
      '05',
      '5A',
      '-1',
      '5.',
      '5.abc',
      '5.ABCDEF',
      '~',
      '~a.b',
      '~%61',
      '~%',
      'zzzzzzzzzzzzz',
      '5.0k3x9q.0k3x9q',
      'x y',
    ])
      expect(readStateTag(opaque)).toBeUndefined()
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'0az.~%41'), maxLength: 10 }), (opaque) => {
        const read = readStateTag(opaque)
        if (read !== undefined) expect(stateTag(read.state, read.representation)).toBe(`"${opaque}"`)
      }),
    )
  })

  it('is the same for the forms in which drivers give a number', () => {
    expect([stateTag(41), stateTag(41n), stateTag('41')]).toEqual(['"15"', '"15"', '"15"'])
    expect(stateTag('041')).not.toBe('"15"')
  })

  it.each([-1, 0.5, Number.NaN, 2 ** 53, 2n ** 63n, '', 'x'.repeat(201), '\ud800', '9007199254740993'])(
    'refuses %s for a state',
    (value) => {
      expect(() => stateTag(value)).toThrow(TypeError)
    },
  )
})

describe('a representation', () => {
  it('differs by version, media type, language and coding, and by nothing else', () => {
    const names = [
      representationOf({}),
      representationOf({ version: '2025-01-15' }),
      representationOf({ mediaType: 'application/json' }),
      representationOf({ language: 'de' }),
      representationOf({ coding: 'gzip' }),
      representationOf({ coding: 'br' }),
    ]
    expect(new Set(names).size).toBe(names.length)
    for (const name of names) expect(name).toMatch(/^[0-9a-z]{6}$/)
    expect(representationOf({ mediaType: 'Application/JSON; charset=utf-8' })).toBe(representationOf({ mediaType: 'application/json' }))
    expect(representationOf({ mediaType: null, coding: null, language: null })).toBe(names[0])
  })
})
