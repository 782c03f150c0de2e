import { describe, expect, it } from 'vitest'
import { fieldsIn, rows } from '../../test/concurrency/rfc-9110.ts'
import { decide } from './decide.ts'
import type { Comparison, Preconditions, Target } from './decide.ts'
import type { TagCondition } from './entity-tags.ts'

const tags = (...opaque: string[]): TagCondition => ({
  kind: 'tags',
  tags: opaque.map((one) => ({ opaque: one.replace('W/', ''), isWeak: one.startsWith('W/') })),
})
const any: TagCondition = { kind: 'any' }
const modifiedAt = Date.UTC(2026, 0, 1)
const here: Target = { tag: { opaque: '5.aaaaaa', isWeak: false }, modifiedAt }
const reading: Comparison = { isRead: true, by: 'representation', acceptsWeakened: false }
const writing: Comparison = { isRead: false, by: 'state', acceptsWeakened: false }

const kindOf = (preconditions: Preconditions, target: Target | undefined, comparison: Comparison) =>
  decide(preconditions, target, comparison).kind

describe('preconditions in the order of RFC 9110', () => {
  it('are all there: 162 combinations, 146 of them with no field or with several [C18]', () => {
    expect(rows).toHaveLength(162)
    expect(rows.filter((row) => fieldsIn(row) !== 1)).toHaveLength(146)
  })

  it.each(rows)(
    '$method, If-Match $ifMatch, If-Unmodified-Since $ifUnmodifiedSince, If-None-Match $ifNoneMatch, If-Modified-Since $ifModifiedSince: $status [C18]',
    ({ method, status, ...fields }) => {
      const preconditions: Preconditions = {
        ifMatch: fields.ifMatch === '-' ? undefined : tags(fields.ifMatch === 'true' ? '5.aaaaaa' : '4.aaaaaa'),
        ifUnmodifiedSince: fields.ifUnmodifiedSince === '-' ? undefined : modifiedAt + (fields.ifUnmodifiedSince === 'true' ? 1000 : -1000),
        ifNoneMatch: fields.ifNoneMatch === '-' ? undefined : tags(fields.ifNoneMatch === 'true' ? '4.aaaaaa' : '5.aaaaaa'),
        ifModifiedSince: fields.ifModifiedSince === '-' ? undefined : modifiedAt + (fields.ifModifiedSince === 'true' ? -1000 : 1000),
      }
      const expected = { 200: 'perform', 304: 'not-modified', 412: 'failed' }[status]
      expect(kindOf(preconditions, here, method === 'GET' ? reading : writing)).toBe(expected)
    },
  )

  it('compare strongly in If-Match, and weakly in If-None-Match [C6] [C14]', () => {
    const verdict = decide({ ifMatch: tags('W/5.aaaaaa') }, here, writing)
    expect(verdict).toEqual({ kind: 'failed', field: 'if-match', isWeakened: true })
    expect(kindOf({ ifMatch: tags('W/5.aaaaaa') }, here, { ...writing, acceptsWeakened: true })).toBe('perform')
    expect(decide({ ifMatch: tags('W/4.aaaaaa') }, here, writing)).toMatchObject({ isWeakened: false })
    expect(kindOf({ ifNoneMatch: tags('W/4', 'W/5.aaaaaa') }, here, reading)).toBe('not-modified')
    const weakHere: Target = { tag: { opaque: '5.aaaaaa', isWeak: true } }
    expect(kindOf({ ifMatch: tags('5.aaaaaa') }, weakHere, writing)).toBe('failed')
  })

  it('take two representations of a state for one in a write, and for two in a read [C23] [C24]', () => {
    expect(kindOf({ ifMatch: tags('5.bbbbbb') }, here, writing)).toBe('perform')
    expect(kindOf({ ifMatch: tags('5') }, here, writing)).toBe('perform')
    expect(kindOf({ ifMatch: tags('5.bbbbbb') }, here, { ...writing, by: 'representation' })).toBe('failed')
    expect(kindOf({ ifNoneMatch: tags('5.bbbbbb') }, here, reading)).toBe('perform')
    expect(kindOf({ ifNoneMatch: tags('5.bbbbbb') }, here, writing)).toBe('failed')
  })

  it('know a star by whether the resource is there [C9] [C10]', () => {
    expect([kindOf({ ifMatch: any }, here, writing), kindOf({ ifMatch: any }, undefined, writing)]).toEqual(['perform', 'failed'])
    expect([kindOf({ ifNoneMatch: any }, here, writing), kindOf({ ifNoneMatch: any }, undefined, writing)]).toEqual(['failed', 'perform'])
    expect(kindOf({ ifNoneMatch: any }, here, reading)).toBe('not-modified')
    expect(kindOf({ ifMatch: any }, {}, writing)).toBe('perform')
    expect(kindOf({ ifMatch: tags('5') }, {}, writing)).toBe('failed')
  })

  it('ignore dates where the resource has none', () => {
    const undated: Target = { tag: { opaque: '5', isWeak: false } }
    expect(kindOf({ ifUnmodifiedSince: 0 }, undated, writing)).toBe('perform')
    expect(kindOf({ ifModifiedSince: modifiedAt }, undated, reading)).toBe('perform')
  })

  it('know nothing of fractions of a second', () => {
    expect(kindOf({ ifUnmodifiedSince: modifiedAt }, { modifiedAt: modifiedAt + 999 }, writing)).toBe('perform')
    expect(kindOf({ ifModifiedSince: modifiedAt }, { modifiedAt: modifiedAt + 999 }, reading)).toBe('not-modified')
  })
})
