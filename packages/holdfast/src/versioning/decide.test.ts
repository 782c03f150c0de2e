import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decidePin, decideVersion, latestCurrent, oldestSupported } from './decide.ts'
import type { Question, VersionStanding } from './decide.ts'

const standing = (id: string, state: VersionStanding['state'] = 'current', brownoutUntil?: number): VersionStanding => ({
  id,
  state,
  brownoutUntil,
})
const standings = [standing('a', 'retired'), standing('b', 'deprecated'), standing('c'), standing('d', 'preview')]
const question: Question = {
  standings,
  asked: [],
  pinned: undefined,
  fallback: 'b',
  fallForward: false,
  nearestEarlier: false,
  isExempt: () => false,
}
const asked = (...values: string[]) => values.map((value) => ({ at: 'header', value }))

describe('the version of a call', () => {
  it.each<[string, Partial<Question>, object]>([
    ['is what it names', { asked: asked('c'), pinned: 'b' }, { kind: 'version', version: 'c', source: 'explicit' }],
    ['is what it names twice', { asked: asked('c', 'c') }, { kind: 'version', version: 'c' }],
    ['is the pin', { pinned: 'c' }, { kind: 'version', version: 'c', source: 'pin' }],
    ['is the fallback', {}, { kind: 'version', version: 'b', source: 'default' }],
    ['is a preview only when named', { asked: asked('d') }, { kind: 'version', version: 'd', source: 'explicit' }],
    ['is refused when two are named', { asked: asked('b', 'c') }, { kind: 'conflict' }],
    ['is refused when it never existed', { asked: asked('x') }, { kind: 'unknown', asked: { value: 'x' } }],
    ['is refused when it was retired, with the next one', { asked: asked('a') }, { kind: 'retired', successor: 'b' }],
    [
      'is the next one instead of a retired one',
      { asked: asked('a'), fallForward: true },
      { kind: 'version', version: 'b', source: 'explicit' },
    ],
    ['is refused for a pin that leads nowhere', { pinned: 'gone' }, { kind: 'retired', version: 'gone', successor: 'b' }],
    ['is refused in a brownout', { asked: asked('b'), standings: [standing('b', 'deprecated', 9)] }, { kind: 'brownout', until: 9 }],
    [
      'is not refused in a brownout for who is exempt',
      { asked: asked('b'), standings: [standing('b', 'deprecated', 9)], isExempt: () => true },
      { kind: 'version' },
    ],
  ])('%s', (_what, change, verdict) => {
    expect(decideVersion({ ...question, ...change })).toMatchObject(verdict)
  })

  it('is never a retired one, and never one that is not declared', () => {
    const id = fc.constantFrom('a', 'b', 'c', 'd', 'x')
    fc.assert(
      fc.property(fc.array(id, { maxLength: 2 }), fc.option(id, { nil: undefined }), fc.boolean(), (named, pinned, fallForward) => {
        const verdict = decideVersion({ ...question, asked: asked(...named), pinned, fallForward })
        if (verdict.kind === 'version') expect(['b', 'c', 'd']).toContain(verdict.version)
      }),
    )
  })
})

describe('a pin', () => {
  const pin = { version: 'c', from: 'b', ageMs: 1_000 }
  it.each([
    ['moves to a later version', { ...pin, version: 'b', from: undefined }, 'c', { kind: 'set', from: 'b', isRollback: false }],
    ['goes back while the window is open [T10]', pin, 'b', { kind: 'set', from: undefined, isRollback: true }],
    ['does not go back after the window [T10]', { ...pin, ageMs: 72 * 3_600_000 + 1 }, 'b', { kind: 'rollback-over' }],
    ['does not go back to another version', { ...pin, from: undefined }, 'b', { kind: 'downgrade' }],
    ['stays', pin, 'c', { kind: 'same' }],
    ['may be anything when there is none', undefined, 'b', { kind: 'set', from: undefined, isRollback: false }],
    ['is not set to a retired version', pin, 'a', { kind: 'retired' }],
    ['is not set to an unknown version', pin, 'x', { kind: 'unknown' }],
  ])('%s', (_what, before, to, verdict) => {
    expect(decidePin(standings, before, to, 72 * 3_600_000)).toEqual(verdict)
  })

  it('begins at the newest version that is current, and the fallback is the oldest that answers', () => {
    expect([latestCurrent(standings)?.id, oldestSupported(standings)?.id]).toEqual(['c', 'b'])
    expect(latestCurrent([standing('a', 'deprecated'), standing('b', 'preview')])?.id).toBe('a')
    expect(oldestSupported([standing('b', 'preview')])?.id).toBe('b')
  })
})
