import { describe, expect, it } from 'vitest'
import { decisions, modelStore } from '../../test/support/model-store.ts'
import type { Decisions, Flaws } from '../../test/support/model-store.ts'
import type { KeyRecord } from '../idempotency/record.ts'
import { idempotencyConformance } from './index.ts'

const { claim, complete, release, abandon, heartbeat, resolve, step, lookup } = decisions

/** A record under the owner who asks, whoever that is: what a decision sees when it does not compare owners. */
const ownedBy = (record: KeyRecord | undefined, owner: string): KeyRecord | undefined => record && { ...record, owner }
const inState = (record: KeyRecord | undefined, state: KeyRecord['state']): KeyRecord | undefined => record && { ...record, state }

/** Stores that are wrong in one way each, by what they do wrong. */
const mutants: Readonly<Record<string, { changes?: Partial<Decisions>; flaws?: Flaws }>> = {
  'completes for any owner': { changes: { complete: (record, completion, now) => complete(ownedBy(record, completion.owner), completion, now) } },
  'forgets the key when it completes': { changes: { complete: (...args) => ({ ...complete(...args), record: undefined }) } },
  'overwrites the answer of a repeated completion': {
    changes: { complete: (record, completion, now) => complete(record?.state === 'done' ? inState(record, 'running') : record, completion, now) },
  },
  'completes a released key': { changes: { complete: (record, ...rest) => complete(record?.state === 'released' ? inState(record, 'running') : record, ...rest) } },
  'does not let a late owner heal an unknown key': {
    changes: { complete: (record, ...rest) => (record?.state === 'unknown' ? { record, verdict: 'fenced' } : complete(record, ...rest)) },
  },
  'never compares fingerprints': {
    changes: { claim: (record, asked, ...rest) => claim(record, { ...asked, fingerprint: record?.fingerprint ?? asked.fingerprint }, ...rest) },
  },
  'does not compare fingerprints of released keys': {
    changes: { claim: (record, asked, ...rest) => claim(record?.state === 'released' ? { ...record, fingerprint: asked.fingerprint } : record, asked, ...rest) },
  },
  'extends the lease on a mismatch': {
    changes: {
      claim: (record, asked, now, others) => {
        const decision = claim(record, asked, now, others)
        if (decision.verdict.kind !== 'mismatch' || record?.state !== 'running') return decision
        return { ...decision, record: { ...record, leaseUntil: now + asked.leaseMs } }
      },
    },
  },
  'locks an owner out that sends its claim again': {
    changes: { claim: (record, asked, ...rest) => claim(record?.state === 'running' ? { ...record, owner: '' } : record, asked, ...rest) },
  },
  'counts an attempt for a claim that is sent again': {
    changes: {
      claim: (record, asked, ...rest) =>
        claim(record?.state === 'running' && record.owner === asked.owner ? { ...record, attempt: record.attempt + 1 } : record, asked, ...rest),
    },
  },
  'thinks every lease is over': { changes: { claim: (record, ...rest) => claim(record?.leaseUntil === undefined ? record : { ...record, leaseUntil: 0 }, ...rest) } },
  'thinks no lease is ever over': {
    changes: { claim: (record, ...rest) => claim(record?.leaseUntil === undefined ? record : { ...record, leaseUntil: Number.MAX_SAFE_INTEGER }, ...rest) },
  },
  'reruns whatever the claim asks for': { changes: { claim: (record, asked, ...rest) => claim(record, { ...asked, onOrphan: 'rerun' }, ...rest) } },
  'takes over without a new attempt': {
    changes: {
      claim: (record, asked, ...rest) => {
        const decision = claim(record, asked, ...rest)
        return decision.verdict.kind === 'acquired' && record && decision.record
          ? { record: { ...decision.record, attempt: record.attempt }, verdict: { ...decision.verdict, attempt: record.attempt } }
          : decision
      },
    },
  },
  'takes over in the old owner’s name': {
    changes: {
      claim: (record, asked, ...rest) => {
        const decision = claim(record, asked, ...rest)
        return record?.state === 'running' && decision.record ? { ...decision, record: { ...decision.record, owner: record.owner } } : decision
      },
    },
  },
  'loses progress at a takeover': { changes: { claim: (record, ...rest) => claim(record && { ...record, progress: undefined }, ...rest) } },
  'executes keys older than its memory': { changes: { claim: (record, asked, ...rest) => claim(record, { ...asked, mintedAt: undefined }, ...rest) } },
  'ignores quotas': { changes: { claim: (record, asked, ...rest) => claim(record, { ...asked, quota: undefined }, ...rest) } },
  'allows one key more than the quota': { flaws: { countOthers: (count) => Math.max(0, count - 1) } },
  'counts the key itself': { flaws: { countOthers: (count) => count + 1 } },
  'releases for any owner': { changes: { release: (record, owner, ...rest) => release(ownedBy(record, owner), owner, ...rest) } },
  'releases finished calls': { changes: { release: (record, ...rest) => release(inState(record, 'running'), ...rest) } },
  'forgets a released key': { changes: { release: (...args) => ({ ...release(...args), record: undefined }) } },
  'abandons for any owner': { changes: { abandon: (record, owner, ...rest) => abandon(ownedBy(record, owner), owner, ...rest) } },
  'gives strangers the lease with a heartbeat': { changes: { heartbeat: (record, owner, ...rest) => heartbeat(ownedBy(record, owner), owner, ...rest) } },
  'says yes to every heartbeat': { changes: { heartbeat: (...args) => ({ ...heartbeat(...args), verdict: true }) } },
  'refuses the heartbeat of a lapsed lease': {
    changes: { heartbeat: (record, owner, leaseMs, now) => ((record?.leaseUntil ?? 0) > now ? heartbeat(record, owner, leaseMs, now) : { record, verdict: false }) },
  },
  'settles running keys': { changes: { resolve: (record, ...rest) => resolve(inState(record, 'unknown'), ...rest) } },
  'settles in the vanished owner’s name': {
    changes: { resolve: (record, resolution, now) => resolve(record, { ...resolution, owner: record?.owner ?? resolution.owner }, now) },
  },
  'saves the progress of strangers': { changes: { step: (record, owner, progress) => step(ownedBy(record, owner), owner, progress) } },
  'keeps the effects of a fenced step': { flaws: { stepIgnoresVerdict: true } },
  'collects running keys': { changes: { isCollectable: () => true } },
  'collects unknown keys early': { changes: { isCollectable: (record) => record.state === 'unknown' } },
  'shows expired answers': { changes: { lookup: (record, now) => lookup(record && { ...record, expiresAt: undefined }, now) } },
  'keeps answers as text': { flaws: { keep: (answer) => new TextEncoder().encode(new TextDecoder().decode(answer)) } },
  'cuts long answers off': { flaws: { keep: (answer) => answer.subarray(0, 65_535) } },
  'waits between reading and writing': { flaws: { isNotAtomic: true } },
  'writes effects outside the transaction': { flaws: { effectsAreEager: true } },
  'commits what the body gave up': { flaws: { commitsAnyway: true } },
  'leaves the claim of a failed transaction': { flaws: { leavesClaim: true } },
  'lets two transactions of one key run': { flaws: { racingTransactions: true } },
}

async function failuresOf(changes: Partial<Decisions> = {}, flaws: Flaws = {}): Promise<string[]> {
  const { store, effects } = modelStore(changes, flaws)
  const failures: string[] = []
  for (const { name, run } of idempotencyConformance({ name: 'model', open: async () => store, effects, histories: 60, seed: 1 }))
    await run().catch((error: unknown) => failures.push(`${name}\n${String(error)}`))
  return failures
}

describe('the conformance suite', () => {
  it('passes a correct store with every ability', async () => {
    expect(await failuresOf()).toEqual([])
  })

  it.for(Object.entries(mutants))('catches a store that %s', async ([, { changes, flaws }]) => {
    expect(await failuresOf(changes, flaws)).not.toEqual([])
  })

  it('catches an unreachable store, and says which operation was refused', async () => {
    const failures = await failuresOf({
      heartbeat: () => {
        throw new Error('no route to the store')
      },
    })
    expect(failures.find((failure) => failure.includes('random histories'))).toMatch(/heartbeat\(.*rejected: Error: no route to the store/)
  })

  it('shows the seed and the shortest history that goes wrong', async () => {
    const failures = await failuresOf(mutants['forgets a released key']?.changes)
    const shown = failures.find((failure) => failure.includes('random histories')) ?? ''
    expect(shown).toMatch(/\(seed 1, history \d+; repeat it with \{ seed: \d+, histories: 1 \}, shortened from \d+ to 3 operations\)/)
    expect(shown).toMatch(/ {2}1\. claim\(key .*\n {2}2\. release\(key .*\n {2}3\. .*\n {5}expected /)
  })

  it('shows who did what when when no order explains a race', async () => {
    const failures = await failuresOf({}, { isNotAtomic: true })
    const shown = failures.find((failure) => failure.includes('actors race')) ?? ''
    expect(shown).toMatch(/ {2}\d+ to \d+ +actor \d: claim\(key \d/)
  })
})
