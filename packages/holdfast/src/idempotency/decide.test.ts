import { describe, expect, it } from 'vitest'
import {
  decideAbandon,
  decideClaim,
  decideComplete,
  decideHeartbeat,
  decideRelease,
  decideResolve,
  decideStep,
  isCollectable,
  isLive,
  toSnapshot,
} from './decide.ts'
import type { Claim, KeyRecord } from './record.ts'

const now = 1_000_000

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

const claim: Claim = {
  id: 'key',
  scope: 'account',
  fingerprint: 'call',
  owner: 'me',
  leaseMs: 30_000,
  onOrphan: 'unknown',
  unknownRetentionMs: 3_000_000,
  retentionMs: 100_000,
}

const running: KeyRecord = {
  id: 'key',
  scope: 'account',
  fingerprint: 'call',
  state: 'running',
  owner: 'other',
  attempt: 3,
  leaseUntil: now + 5_000,
  progress: bytes('half-way'),
  answer: undefined,
  createdAt: now - 60_000,
  completedAt: undefined,
  expiresAt: undefined,
}
const lapsed: KeyRecord = { ...running, leaseUntil: now }
const done: KeyRecord = {
  ...running,
  state: 'done',
  leaseUntil: undefined,
  progress: undefined,
  answer: bytes('201'),
  completedAt: now - 1_000,
  expiresAt: now + 99_000,
}
const released: KeyRecord = { ...running, state: 'released', leaseUntil: undefined, expiresAt: now + 100_000 }
const unknown: KeyRecord = { ...running, state: 'unknown', leaseUntil: undefined, expiresAt: now + 3_000_000 }

const acquiredAfresh = { state: 'running', owner: 'me', attempt: 1, leaseUntil: now + 30_000, createdAt: now }

describe('a claim', () => {
  it('runs a key that was never seen as attempt 1', () => {
    const { record, verdict } = decideClaim(undefined, claim, now)
    expect(verdict).toEqual({ kind: 'acquired', attempt: 1, progress: undefined })
    expect(record).toMatchObject({ ...acquiredAfresh, id: 'key', scope: 'account', fingerprint: 'call', answer: undefined })
  })

  it.for([done, released])('starts an expired $state key afresh, with whatever fingerprint', (before) => {
    const { record, verdict } = decideClaim({ ...before, expiresAt: now }, { ...claim, fingerprint: 'another' }, now)
    expect(verdict).toEqual({ kind: 'acquired', attempt: 1, progress: undefined })
    expect(record).toMatchObject({ ...acquiredAfresh, fingerprint: 'another', answer: undefined, completedAt: undefined })
  })

  it('never executes a key minted longer ago than its retention', () => {
    expect(decideClaim(undefined, { ...claim, mintedAt: now - 100_001 }, now)).toEqual({ record: undefined, verdict: { kind: 'expired' } })
    expect(decideClaim(undefined, { ...claim, mintedAt: now - 100_000 }, now).verdict.kind).toBe('acquired')
  })

  it.for([running, done, released, unknown])('answers a $state key by its record however old the key is', (before) => {
    expect(decideClaim(before, { ...claim, mintedAt: 0 }, now)).toEqual(decideClaim(before, claim, now))
  })

  it.for([running, lapsed, done, released, unknown])('of another call is refused on a $state key, even by its owner', (before) => {
    for (const owner of ['me', before.owner]) {
      const { record, verdict } = decideClaim(before, { ...claim, owner, fingerprint: 'another', onOrphan: 'rerun' }, now)
      expect(verdict).toEqual({ kind: 'mismatch' })
      expect(record).toBe(before)
    }
  })

  it.for([running, lapsed])('sent again by the runner is acquired again, as the same attempt with a new lease', (before) => {
    const { record, verdict } = decideClaim(before, { ...claim, owner: before.owner }, now)
    expect(verdict).toEqual({ kind: 'acquired', attempt: 3, progress: before.progress })
    expect(record).toEqual({ ...before, leaseUntil: now + 30_000 })
  })

  it('on a running key tells how long the lease lasts', () => {
    expect(decideClaim(running, { ...claim, onOrphan: 'rerun' }, now)).toEqual({
      record: running,
      verdict: { kind: 'running', attempt: 3, leaseLeftMs: 5_000 },
    })
  })

  it('makes a key unknown whose lease is over, by default', () => {
    expect(decideClaim(lapsed, claim, now)).toEqual({
      record: { ...lapsed, state: 'unknown', leaseUntil: undefined, expiresAt: now + 3_000_000 },
      verdict: { kind: 'unknown', attempt: 3 },
    })
  })

  it('takes a key over whose lease is over, where a rerun is allowed', () => {
    const { record, verdict } = decideClaim(lapsed, { ...claim, onOrphan: 'rerun' }, now)
    expect(verdict).toEqual({ kind: 'acquired', attempt: 4, progress: lapsed.progress })
    expect(record).toEqual({ ...lapsed, owner: 'me', attempt: 4, leaseUntil: now + 30_000 })
  })

  it('runs a released key again as the next attempt', () => {
    const { record, verdict } = decideClaim(released, claim, now)
    expect(verdict).toEqual({ kind: 'acquired', attempt: 4, progress: released.progress })
    expect(record).toEqual({ ...released, state: 'running', owner: 'me', attempt: 4, leaseUntil: now + 30_000, expiresAt: undefined })
  })

  it('on a finished key gets its answer, its own repeated one too', () => {
    for (const owner of ['me', done.owner])
      expect(decideClaim(done, { ...claim, owner }, now)).toEqual({
        record: done,
        verdict: { kind: 'done', answer: done.answer, attempt: 3 },
      })
  })

  it('on an unknown key learns just that, however long ago it may have been collected', () => {
    for (const before of [unknown, { ...unknown, expiresAt: now - 1 }])
      expect(decideClaim(before, { ...claim, onOrphan: 'rerun' }, now)).toEqual({
        record: before,
        verdict: { kind: 'unknown', attempt: 3 },
      })
  })

  it('that would make one record too many is refused, and no other', () => {
    const limited = { ...claim, quota: 2 }
    expect(decideClaim(undefined, limited, now, 1).verdict.kind).toBe('acquired')
    expect(decideClaim(undefined, limited, now, 2)).toEqual({ record: undefined, verdict: { kind: 'quota' } })
    expect(decideClaim(released, limited, now, 2).verdict.kind).toBe('acquired')
    expect(decideClaim(done, limited, now, 2).verdict.kind).toBe('done')
  })
})

describe('a completion', () => {
  const completion = { id: 'key', owner: 'other', answer: bytes('200'), retentionMs: 100_000 }

  it.for([running, lapsed, unknown])('by the owner of a $state key is recorded and kept from now on', (before) => {
    const after = {
      ...before,
      state: 'done',
      answer: completion.answer,
      progress: undefined,
      leaseUntil: undefined,
      completedAt: now,
      expiresAt: now + 100_000,
    }
    expect(decideComplete(before, completion, now)).toEqual({ record: after, verdict: 'recorded' })
  })

  it('sent again is recognised and changes nothing', () => {
    const { record, verdict } = decideComplete(done, completion, now)
    expect(verdict).toBe('already')
    expect(record).toBe(done)
  })

  it.for([running, lapsed, done, released, unknown])('by anybody else is fenced off a $state key', (before) => {
    const { record, verdict } = decideComplete(before, { ...completion, owner: 'me' }, now)
    expect(verdict).toBe('fenced')
    expect(record).toBe(before)
  })

  it('of a key that was released, or that has no record, is fenced', () => {
    expect(decideComplete(released, completion, now)).toEqual({ record: released, verdict: 'fenced' })
    expect(decideComplete(undefined, completion, now)).toEqual({ record: undefined, verdict: 'fenced' })
  })
})

describe('the runner of a key', () => {
  it('releases it, keeping fingerprint, attempt and progress', () => {
    expect(decideRelease(running, 'other', 100_000, now)).toEqual({ record: released, verdict: true })
  })

  it('abandons it to the unknown', () => {
    expect(decideAbandon(running, 'other', 3_000_000, now)).toEqual({ record: unknown, verdict: true })
  })

  it('extends its lease, even a lapsed one that nobody took', () => {
    for (const before of [running, lapsed])
      expect(decideHeartbeat(before, 'other', 30_000, now)).toEqual({ record: { ...before, leaseUntil: now + 30_000 }, verdict: true })
  })

  it('saves its progress', () => {
    expect(decideStep(running, 'other', bytes('further'))).toEqual({ record: { ...running, progress: bytes('further') }, verdict: true })
  })

  it.for([
    ['a stranger to it', running, 'me'],
    ['no longer running: done', done, 'other'],
    ['no longer running: released', released, 'other'],
    ['no longer running: unknown', unknown, 'other'],
    ['forgotten', undefined, 'other'],
  ] as const)('may do none of that when %s', ([, before, owner]) => {
    const decisions = [
      decideRelease(before, owner, 1, now),
      decideAbandon(before, owner, 1, now),
      decideHeartbeat(before, owner, 1, now),
      decideStep(before, owner, bytes('x')),
    ]
    for (const { record, verdict } of decisions) {
      expect(verdict).toBe(false)
      expect(record).toBe(before)
    }
  })
})

describe('the settlement of a key', () => {
  const resolution = { id: 'key', owner: 'operator', answer: bytes('settled'), retentionMs: 100_000 }

  it('gives an unknown key an answer under a new owner', () => {
    const { record, verdict } = decideResolve(unknown, resolution, now)
    expect(verdict).toBe(true)
    expect(record).toEqual({
      ...unknown,
      state: 'done',
      owner: 'operator',
      answer: resolution.answer,
      progress: undefined,
      completedAt: now,
      expiresAt: now + 100_000,
    })
  })

  it('without an answer releases it, so that the next attempt goes on from its progress', () => {
    const { record } = decideResolve(unknown, { ...resolution, answer: undefined }, now)
    expect(record).toEqual({ ...unknown, state: 'released', owner: 'operator', expiresAt: now + 100_000 })
  })

  it('fences the vanished runner', () => {
    for (const answer of [resolution.answer, undefined]) {
      const { record } = decideResolve(unknown, { ...resolution, answer }, now)
      expect(decideComplete(record, { id: 'key', owner: unknown.owner, answer: bytes('late'), retentionMs: 1 }, now)).toEqual({
        record,
        verdict: 'fenced',
      })
    }
  })

  it.for([running, lapsed, done, released, undefined])('is refused unless the key is unknown', (before) => {
    const { record, verdict } = decideResolve(before, resolution, now)
    expect(verdict).toBe(false)
    expect(record).toBe(before)
  })
})

describe('time', () => {
  it('ends done and released records at the very instant they expire, and nothing else', () => {
    for (const record of [done, released]) {
      expect(isLive({ ...record, expiresAt: now + 1 }, now)).toBe(true)
      expect(isLive({ ...record, expiresAt: now }, now)).toBe(false)
    }
    for (const record of [lapsed, { ...unknown, expiresAt: 0 }]) expect(isLive(record, now)).toBe(true)
  })

  it('lets done, released and unknown records be collected once they expired, never running ones', () => {
    for (const record of [done, released, unknown]) {
      expect(isCollectable({ ...record, expiresAt: now + 1 }, now)).toBe(false)
      expect(isCollectable({ ...record, expiresAt: now }, now)).toBe(true)
    }
    expect(isCollectable({ ...lapsed, expiresAt: 0 }, now)).toBe(false)
  })

  it('is told as lengths, so that callers need not know the store’s clock', () => {
    expect(toSnapshot(running, now)).toEqual({
      state: 'running',
      attempt: 3,
      ageMs: 60_000,
      expiresInMs: undefined,
      leaseLeftMs: 5_000,
      answer: undefined,
    })
    expect(toSnapshot(done, now)).toEqual({
      state: 'done',
      attempt: 3,
      ageMs: 60_000,
      expiresInMs: 99_000,
      leaseLeftMs: undefined,
      answer: done.answer,
    })
    expect(toSnapshot({ ...done, expiresAt: now }, now)).toBeUndefined()
    expect(toSnapshot(undefined, now)).toBeUndefined()
  })
})
