import { isCollectable, isLive } from '../../src/idempotency/decide.ts'
import type { OrphanPolicy } from '../../src/idempotency/record.ts'
import type { Decisions } from '../support/decisions.ts'
import type { Step } from './events.ts'
import { answerOf, claimBy, isOpenTo, isSame, now, retentionMs } from './state.ts'
import type { State } from './state.ts'

/** What must hold in every state. */
export type StateRule = (state: State, decide: Decisions, onOrphan: OrphanPolicy) => boolean

/** What must hold of every step. */
export type StepRule = (before: State, step: Step, onOrphan: OrphanPolicy) => boolean

export const stateRules: Readonly<Record<string, StateRule>> = {
  'a call takes effect at most once unless it may be rerun': ({ effects }, _, onOrphan) => onOrphan === 'rerun' || effects <= 1,

  'all answers ever given for a key are the same': ({ given }) => given.length <= 1,

  'a different call under the same key is refused and changes nothing': ({ record, isTooOld }, decide, onOrphan) => {
    if (!isLive(record, now)) return true
    const decision = decide.claim(record, { ...claimBy('stranger', onOrphan, isTooOld), fingerprint: 'another call', leaseMs: 999 }, now)
    return decision.verdict.kind === 'mismatch' && isSame(record, decision.record)
  },

  'a caller who comes back gets a verdict in the end': ({ record, isTooOld }, decide, onOrphan) => {
    const claim = claimBy('caller', onOrphan, isTooOld)
    const orphan = record?.state === 'running' ? { ...record, leaseUntil: now } : record
    const { verdict, record: left } = decide.claim(orphan, claim, now)
    if (verdict.kind !== 'unknown') return verdict.kind === 'acquired' || verdict.kind === 'done' || verdict.kind === 'expired'
    if (onOrphan === 'rerun' && orphan?.state === 'running') return false
    const settled = decide.resolve(left, { id: 'key', owner: 'operator', answer: undefined, retentionMs }, now)
    return settled.verdict && decide.claim(settled.record, claim, now).verdict.kind === 'acquired'
  },
}

export const stepRules: Readonly<Record<string, StepRule>> = {
  'a recorded answer stays as it is until it expires': ({ record }, { after }) =>
    record?.state !== 'done' || !isLive(record, now) || (after.record?.state === 'done' && answerOf(after.record) === answerOf(record)),

  'a record only disappears by being collected when it may be': ({ record }, { applied, after }) =>
    record === undefined || after.record !== undefined || (applied.kind === 'collect' && isCollectable(record, now)),

  'only the owner of a key completes, releases, abandons or extends it': ({ record }, { applied, after }) => {
    if (applied.kind === 'complete')
      return record?.owner === applied.owner || (applied.verdict === 'fenced' && isSame(record, after.record))
    if (applied.kind !== 'release' && applied.kind !== 'abandon' && applied.kind !== 'heartbeat') return true
    if (record?.state === 'running' && record.owner === applied.owner) return applied.verdict
    return !applied.verdict && isSame(record, after.record)
  },

  'an owner can record its answer while the key is running or unknown, and only then': ({ record }, { applied }) => {
    if (applied.kind !== 'complete' || record?.owner !== applied.owner) return true
    const isOpen = record.state === 'running' || record.state === 'unknown'
    return isOpen ? applied.verdict === 'recorded' : applied.verdict === (record.state === 'done' ? 'already' : 'fenced')
  },

  'nobody takes a key whose lease lasts': ({ record }, { applied, after }) =>
    applied.kind !== 'claim' ||
    record?.state !== 'running' ||
    record.owner === applied.owner ||
    (record.leaseUntil ?? 0) <= now ||
    isSame(record, after.record),

  'a claim that is sent again is acquired again as the same attempt': ({ record }, { applied, after }) => {
    if (applied.kind !== 'claim' || record?.state !== 'running' || record.owner !== applied.owner) return true
    return applied.verdict.kind === 'acquired' && applied.verdict.attempt === record.attempt && after.record?.attempt === record.attempt
  },

  'who acquires a key owns it, and its attempt number is new': ({ record }, { applied, after }) => {
    if (applied.kind !== 'claim' || applied.verdict.kind !== 'acquired') return true
    const { attempt } = applied.verdict
    if (after.record?.owner !== applied.owner || after.record.attempt !== attempt) return false
    if (!isLive(record, now)) return attempt === 1
    return (record.state === 'running' && record.owner === applied.owner) || attempt === record.attempt + 1
  },

  'a runner that vanished is only replaced where a rerun is allowed': ({ record }, { applied }, onOrphan) =>
    applied.kind !== 'claim' ||
    applied.verdict.kind !== 'acquired' ||
    record?.state !== 'running' ||
    record.owner === applied.owner ||
    onOrphan === 'rerun',

  'an unknown key is never run': ({ record }, { applied }) =>
    applied.kind !== 'claim' || record?.state !== 'unknown' || applied.verdict.kind === 'unknown',

  'only unknown keys are settled, and their vanished runner is fenced': ({ record }, { applied, after }) => {
    if (applied.kind !== 'resolve') return true
    if (record?.state !== 'unknown') return !applied.verdict && isSame(record, after.record)
    return applied.verdict && !isOpenTo(record.owner, after.record) && after.record?.owner === applied.owner
  },

  'what nobody knows is not called released': ({ record }, { applied, after }) =>
    applied.kind === 'release' || applied.kind === 'resolve' || record?.state === 'released' || after.record?.state !== 'released',
}
