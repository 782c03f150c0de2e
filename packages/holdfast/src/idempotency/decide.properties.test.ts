import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  decideAbandon,
  decideClaim,
  decideComplete,
  decideHeartbeat,
  decideRelease,
  decideResolve,
  decideStep,
  isLive,
  toSnapshot,
} from './decide.ts'
import type { Decision } from './decide.ts'
import type { Claim, KeyRecord } from './record.ts'

const now = 1_000_000

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

const claim: Claim = {
  id: 'key',
  scope: 'account',
  fingerprint: 'call',
  owner: 'A',
  leaseMs: 30,
  onOrphan: 'unknown',
  unknownRetentionMs: 3_000,
  retentionMs: 100,
}

const instant = fc.integer({ min: now - 10, max: now + 10 })
const owner = fc.constantFrom('A', 'B', 'C')
const text = fc.constantFrom('', 'x', 'y').map(bytes)
const length = fc.integer({ min: 0, max: 20 })

const anyRecord: fc.Arbitrary<KeyRecord | undefined> = fc.option(
  fc
    .record({
      state: fc.constantFrom('running', 'done', 'released', 'unknown'),
      owner,
      attempt: fc.integer({ min: 1, max: 9 }),
      at: instant,
      answer: text,
      progress: fc.option(text, { nil: undefined }),
    })
    .map(({ state, at, answer, progress, ...rest }): KeyRecord => ({
      id: 'key',
      scope: 'account',
      fingerprint: 'call',
      createdAt: now - 1_000,
      ...rest,
      state,
      leaseUntil: state === 'running' ? at : undefined,
      expiresAt: state === 'running' ? undefined : at,
      answer: state === 'done' ? answer : undefined,
      progress: state === 'done' ? undefined : progress,
      completedAt: state === 'done' ? now - 100 : undefined,
    })),
  { nil: undefined },
)

type Operation = (record: KeyRecord | undefined) => Decision<unknown>

const anyOperation: fc.Arbitrary<Operation> = fc.oneof(
  fc
    .record({
      owner,
      fingerprint: fc.constantFrom('call', 'another'),
      onOrphan: fc.constantFrom('unknown', 'rerun'),
      leaseMs: length,
      mintedAt: fc.option(instant, { nil: undefined }),
      quota: fc.option(length, { nil: undefined }),
      retentionMs: length,
    })
    .map(
      (changes): Operation =>
        (record) =>
          decideClaim(record, { ...claim, ...changes }, now, 3),
    ),
  fc.record({ owner, answer: text, retentionMs: length }).map(
    (changes): Operation =>
      (record) =>
        decideComplete(record, { id: 'key', ...changes }, now),
  ),
  fc.tuple(owner, length).map(
    ([by, ms]): Operation =>
      (record) =>
        decideRelease(record, by, ms, now),
  ),
  fc.tuple(owner, length).map(
    ([by, ms]): Operation =>
      (record) =>
        decideAbandon(record, by, ms, now),
  ),
  fc.tuple(owner, length).map(
    ([by, ms]): Operation =>
      (record) =>
        decideHeartbeat(record, by, ms, now),
  ),
  fc.tuple(owner, text).map(
    ([by, progress]): Operation =>
      (record) =>
        decideStep(record, by, progress),
  ),
  fc.record({ owner, answer: fc.option(text, { nil: undefined }), retentionMs: length }).map(
    (changes): Operation =>
      (record) =>
        decideResolve(record, { id: 'key', ...changes }, now),
  ),
)

describe('every decision', () => {
  it('is the same for the same input, and never touches what it was given', () => {
    fc.assert(
      fc.property(anyRecord, anyOperation, (record, operate) => {
        const before = structuredClone(record)
        const first = operate(record && Object.freeze(record))
        expect(record).toEqual(before)
        expect(operate(record)).toEqual(first)
      }),
    )
  })

  it('hands back the very same record when it was refused, and another one when it was carried out', () => {
    const changes: readonly unknown[] = ['acquired', 'recorded', true]
    const refusals: readonly unknown[] = ['done', 'running', 'mismatch', 'expired', 'quota', 'already', 'fenced', false]
    fc.assert(
      fc.property(anyRecord, anyOperation, (record, operate) => {
        const { record: after, verdict } = operate(record)
        const kind = typeof verdict === 'object' && verdict !== null && 'kind' in verdict ? verdict.kind : verdict
        const [isChange, isRefusal] = [changes.includes(kind), refusals.includes(kind)]
        // A claim of an unknown key changes it only when that is how it became unknown.
        expect(isChange || isRefusal || kind === 'unknown').toBe(true)
        expect(isChange && after === record).toBe(false)
        expect(isRefusal && after !== record).toBe(false)
      }),
    )
  })

  it('leaves a record whose fields fit its state', () => {
    fc.assert(
      fc.property(anyRecord, fc.array(anyOperation, { maxLength: 8 }), (record, operations) => {
        const after = operations.reduce((current, operate) => operate(current).record, record)
        if (after === undefined) return
        expect(after.leaseUntil !== undefined).toBe(after.state === 'running')
        expect(after.expiresAt === undefined).toBe(after.state === 'running')
        expect(after.answer !== undefined).toBe(after.state === 'done')
        expect(after.completedAt !== undefined).toBe(after.state === 'done')
        expect(after.attempt).toBeGreaterThanOrEqual(1)
      }),
    )
  })

  it('changes nothing more when it is sent again after a lost reply', () => {
    fc.assert(
      fc.property(anyRecord, anyOperation, (record, operate) => {
        const { record: once } = operate(record)
        expect(operate(once).record).toEqual(once)
      }),
    )
  })

  it('is the same whether an expired record was collected yet or not, unless its outcome is unknown', () => {
    fc.assert(
      fc.property(anyRecord, anyOperation, (record, operate) => {
        fc.pre(record !== undefined && !isLive(record, now))
        const [kept, collected] = [operate(record), operate(undefined)]
        expect(toSnapshot(kept.record, now)).toEqual(toSnapshot(collected.record, now))
        // The one difference: who completed the call is forgotten with its record.
        expect(kept.verdict === 'already' ? 'fenced' : kept.verdict).toEqual(collected.verdict)
      }),
    )
  })
})
