import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decide } from './decide.ts'
import type { Comparison, Preconditions, Target } from './decide.ts'
import type { EntityTag } from './etag.ts'

const opaque = fc.constantFrom('1', '1.aaaaaa', '1.bbbbbb', '2', '2.aaaaaa', 'other', '')
const tag = fc.record<EntityTag>({ opaque, isWeak: fc.boolean() })
const condition = fc.oneof(
  fc.constant({ kind: 'any' as const }),
  fc.array(tag, { maxLength: 3 }).map((tags) => ({ kind: 'tags' as const, tags })),
)
const time = fc.integer({ min: 0, max: 5_000 })
const preconditions = fc.record<Preconditions>({
  ifMatch: fc.option(condition, { nil: undefined }),
  ifNoneMatch: fc.option(condition, { nil: undefined }),
  ifUnmodifiedSince: fc.option(time, { nil: undefined }),
  ifModifiedSince: fc.option(time, { nil: undefined }),
})
const target = fc.option(fc.record<Target>({ tag: fc.option(tag, { nil: undefined }), modifiedAt: fc.option(time, { nil: undefined }) }), {
  nil: undefined,
})
const comparison = fc.record<Comparison>({
  isRead: fc.boolean(),
  by: fc.constantFrom('state', 'representation'),
  acceptsWeakened: fc.boolean(),
})

const holds = (property: (given: Preconditions, current: Target | undefined, compared: Comparison) => void): void =>
  fc.assert(
    fc.property(preconditions, target, comparison, (...given) => {
      property(...given)
    }),
    { numRuns: Number(process.env['RUNS'] ?? 500) },
  )

describe('whatever the preconditions', () => {
  it('a write is never answered with "not modified"', () => {
    holds((given, current, compared) => expect(decide(given, current, { ...compared, isRead: false }).kind).not.toBe('not-modified'))
  })

  it('without any, everything is done', () => {
    holds((_given, current, compared) => expect(decide({}, current, compared).kind).toBe('perform'))
  })

  it('beside a tag the date that goes with it changes nothing', () => {
    holds((given, current, compared) => {
      const verdict = decide(given, current, compared)
      if (given.ifMatch !== undefined) expect(decide({ ...given, ifUnmodifiedSince: undefined }, current, compared)).toEqual(verdict)
      if (given.ifNoneMatch !== undefined) expect(decide({ ...given, ifModifiedSince: undefined }, current, compared)).toEqual(verdict)
    })
  })

  it('a false If-Match ends the evaluation, whatever else is sent', () => {
    holds((given, current, compared) => {
      const alone = decide({ ifMatch: given.ifMatch }, current, compared)
      if (alone.kind === 'failed') expect(decide(given, current, compared)).toEqual(alone)
    })
  })

  it('an added condition never turns a refusal into a success', () => {
    holds((given, current, compared) => {
      const { ifNoneMatch: _dropped, ifModifiedSince: _too, ...first } = given
      if (decide(first, current, compared).kind === 'failed') expect(decide(given, current, compared).kind).toBe('failed')
    })
  })

  it('what is not there satisfies no If-Match, and no If-None-Match is false of it', () => {
    holds((given, _current, compared) => {
      expect(decide(given, undefined, compared).kind).toBe(given.ifMatch === undefined ? 'perform' : 'failed')
    })
  })

  it('a weak tag matches in If-Match only where weakened tags are accepted', () => {
    holds((given, current, compared) => {
      if (given.ifMatch?.kind !== 'tags') return
      const weakened = { kind: 'tags' as const, tags: given.ifMatch.tags.map((one) => ({ ...one, isWeak: true })) }
      expect(decide({ ifMatch: weakened }, current, { ...compared, acceptsWeakened: false }).kind).toBe('failed')
    })
  })

  it('who compares representations accepts no write that who compares states refuses', () => {
    holds((given, current, compared) => {
      const { ifMatch } = given
      const exact = decide({ ifMatch }, current, { ...compared, isRead: false, by: 'representation' })
      if (exact.kind === 'perform') expect(decide({ ifMatch }, current, { ...compared, isRead: false, by: 'state' }).kind).toBe('perform')
    })
  })
})
