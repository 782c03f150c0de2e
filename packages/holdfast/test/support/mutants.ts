import type { Decision } from '../../src/idempotency/decide.ts'
import type { KeyRecord } from '../../src/idempotency/record.ts'
import { decisions } from './decisions.ts'
import type { Decisions } from './decisions.ts'

const { claim, complete, release, abandon, heartbeat, resolve, isCollectable } = decisions

/**
 * A decision made on what is not there. Where it changes nothing it leaves what is there, so that a mutant is wrong in the one way it is
 * meant to be.
 */
function seeing<Verdict>(
  record: KeyRecord | undefined,
  change: Partial<KeyRecord> | undefined,
  decide: (seen: KeyRecord | undefined) => Decision<Verdict>,
): Decision<Verdict> {
  const seen = record && change && { ...record, ...change }
  const decision = decide(seen)
  return decision.record === seen ? { record, verdict: decision.verdict } : decision
}

/** The change that makes a record in one state look as if it were in another. */
const disguise = (record: KeyRecord | undefined, from: KeyRecord['state'], as: KeyRecord['state']): Partial<KeyRecord> =>
  record?.state === from ? { state: as } : {}

/** Decisions that are wrong in one way each, by what they do wrong. Model checker and conformance suite must catch every one. */
export const mutants: Readonly<Record<string, Partial<Decisions>>> = {
  'completes for any owner': {
    complete: (record, completion, now) => seeing(record, { owner: completion.owner }, (seen) => complete(seen, completion, now)),
  },
  'forgets the key when it completes': { complete: (...args) => ({ ...complete(...args), record: undefined }) },
  'overwrites the answer of a repeated completion': {
    complete: (record, ...rest) => seeing(record, disguise(record, 'done', 'running'), (seen) => complete(seen, ...rest)),
  },
  'completes a released key': {
    complete: (record, ...rest) => seeing(record, disguise(record, 'released', 'running'), (seen) => complete(seen, ...rest)),
  },
  'does not let a late owner heal an unknown key': {
    complete: (record, ...rest) => (record?.state === 'unknown' ? { record, verdict: 'fenced' } : complete(record, ...rest)),
  },
  'never compares fingerprints': {
    claim: (record, asked, ...rest) => claim(record, { ...asked, fingerprint: record?.fingerprint ?? asked.fingerprint }, ...rest),
  },
  'does not compare fingerprints of released keys': {
    claim: (record, asked, ...rest) =>
      seeing(record, record?.state === 'released' ? { fingerprint: asked.fingerprint } : {}, (seen) => claim(seen, asked, ...rest)),
  },
  'extends the lease on a mismatch': {
    claim: (record, asked, now, others) => {
      const decision = claim(record, asked, now, others)
      if (decision.verdict.kind !== 'mismatch' || record?.state !== 'running') return decision
      return { ...decision, record: { ...record, leaseUntil: now + asked.leaseMs } }
    },
  },
  'locks an owner out that sends its claim again': {
    claim: (record, ...rest) => seeing(record, record?.state === 'running' ? { owner: '' } : {}, (seen) => claim(seen, ...rest)),
  },
  'counts an attempt for a claim that is sent again': {
    claim: (record, asked, ...rest) =>
      seeing(record, record?.state === 'running' && record.owner === asked.owner ? { attempt: record.attempt + 1 } : {}, (seen) =>
        claim(seen, asked, ...rest),
      ),
  },
  'thinks every lease is over': {
    claim: (record, ...rest) => seeing(record, record?.state === 'running' ? { leaseUntil: 0 } : {}, (seen) => claim(seen, ...rest)),
  },
  'thinks no lease is ever over': {
    claim: (record, ...rest) =>
      seeing(record, record?.state === 'running' ? { leaseUntil: Number.MAX_SAFE_INTEGER } : {}, (seen) => claim(seen, ...rest)),
  },
  'reruns whatever the claim asks for': { claim: (record, asked, ...rest) => claim(record, { ...asked, onOrphan: 'rerun' }, ...rest) },
  'never reruns': { claim: (record, asked, ...rest) => claim(record, { ...asked, onOrphan: 'unknown' }, ...rest) },
  'takes over without a new attempt': {
    claim: (record, asked, ...rest) => {
      const decision = claim(record, asked, ...rest)
      if (decision.verdict.kind !== 'acquired' || record === undefined || decision.record === undefined) return decision
      return { record: { ...decision.record, attempt: record.attempt }, verdict: { ...decision.verdict, attempt: record.attempt } }
    },
  },
  'takes over in the old owner’s name': {
    claim: (record, asked, ...rest) => {
      const decision = claim(record, asked, ...rest)
      return decision.verdict.kind === 'acquired' && record && decision.record
        ? { ...decision, record: { ...decision.record, owner: record.owner } }
        : decision
    },
  },
  'runs an unknown key again': {
    claim: (record, ...rest) => seeing(record, disguise(record, 'unknown', 'released'), (seen) => claim(seen, ...rest)),
  },
  'runs a finished key again': {
    claim: (record, ...rest) => seeing(record, disguise(record, 'done', 'released'), (seen) => claim(seen, ...rest)),
  },
  'executes keys older than its memory': { claim: (record, asked, ...rest) => claim(record, { ...asked, mintedAt: undefined }, ...rest) },
  'releases for any owner': { release: (record, owner, ...rest) => seeing(record, { owner }, (seen) => release(seen, owner, ...rest)) },
  'releases finished calls': {
    release: (record, ...rest) => seeing(record, disguise(record, 'done', 'running'), (seen) => release(seen, ...rest)),
  },
  'releases unknown calls': {
    release: (record, ...rest) => seeing(record, disguise(record, 'unknown', 'running'), (seen) => release(seen, ...rest)),
  },
  'forgets a released key': { release: (...args) => ({ ...release(...args), record: undefined }) },
  'abandons for any owner': { abandon: (record, owner, ...rest) => seeing(record, { owner }, (seen) => abandon(seen, owner, ...rest)) },
  'releases a call whose outcome is unknown': { abandon: (...args) => release(...args) },
  'gives strangers the lease with a heartbeat': {
    heartbeat: (record, owner, ...rest) => seeing(record, { owner }, (seen) => heartbeat(seen, owner, ...rest)),
  },
  'says yes to every heartbeat': { heartbeat: (...args) => ({ ...heartbeat(...args), verdict: true }) },
  'settles running keys': {
    resolve: (record, ...rest) => seeing(record, disguise(record, 'running', 'unknown'), (seen) => resolve(seen, ...rest)),
  },
  'settles finished keys again': {
    resolve: (record, ...rest) => seeing(record, disguise(record, 'done', 'unknown'), (seen) => resolve(seen, ...rest)),
  },
  'settles in the vanished owner’s name': {
    resolve: (record, resolution, now) => resolve(record, { ...resolution, owner: record?.owner ?? resolution.owner }, now),
  },
  'collects running keys': { isCollectable: (record, now) => record.state === 'running' || isCollectable(record, now) },
  'collects unknown keys early': { isCollectable: (record, now) => record.state === 'unknown' || isCollectable(record, now) },
  'collects finished keys early': { isCollectable: (record, now) => record.state === 'done' || isCollectable(record, now) },
}
