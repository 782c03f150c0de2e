import { describe, expect, it } from 'vitest'
import { decisions } from '../../test/support/decisions.ts'
import type { Decisions } from '../../test/support/decisions.ts'
import { modelStore } from '../../test/support/model-store.ts'
import type { Flaws } from '../../test/support/model-store.ts'
import { mutants as mutantsOfTheKey } from '../../test/support/mutants.ts'
import { idempotencyConformance } from './index.ts'

const { claim, heartbeat, lookup, step } = decisions

/** Stores with a wrong decision that the state machine of one key does not show. */
const mutants: Readonly<Record<string, Partial<Decisions>>> = {
  ...mutantsOfTheKey,
  'loses progress at a takeover': { claim: (record, ...rest) => claim(record && { ...record, progress: undefined }, ...rest) },
  'ignores quotas': { claim: (record, asked, ...rest) => claim(record, { ...asked, quota: undefined }, ...rest) },
  'refuses the heartbeat of a lapsed lease': {
    heartbeat: (record, owner, leaseMs, now) =>
      (record?.leaseUntil ?? 0) > now ? heartbeat(record, owner, leaseMs, now) : { record, verdict: false },
  },
  'saves the progress of strangers': { step: (record, owner, progress) => step(record && { ...record, owner }, owner, progress) },
  'shows expired answers': { lookup: (record, now) => lookup(record && { ...record, expiresAt: undefined }, now) },
}

/** Stores whose decisions are right, but not what they do with them. */
const broken: Readonly<Record<string, Flaws>> = {
  'allows one key more than the quota': { countOthers: (count) => Math.max(0, count - 1) },
  'counts the key itself': { countOthers: (count) => count + 1 },
  'keeps answers as text': { keep: (answer) => new TextEncoder().encode(new TextDecoder().decode(answer)) },
  'cuts long answers off': { keep: (answer) => answer.subarray(0, 65_535) },
  'waits between reading and writing': { isNotAtomic: true },
  'writes effects outside the transaction': { effectsAreEager: true },
  'commits what the body gave up': { commitsAnyway: true },
  'keeps the effects of a refusal': { keepsRefusedEffects: true },
  'leaves the claim of a failed transaction': { leavesClaim: true },
  'hides a key whose transaction runs': { hidesTransactions: true },
  'lets two transactions of one key run': { racingTransactions: true },
  'keeps the effects of a fenced step': { stepIgnoresVerdict: true },
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

  it.for(Object.entries(mutants))('catches a store that %s', async ([, changes]) => {
    expect(await failuresOf(changes)).not.toEqual([])
  })

  it.for(Object.entries(broken))('catches a store that %s', async ([, flaws]) => {
    expect(await failuresOf({}, flaws)).not.toEqual([])
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
    const failures = await failuresOf(mutants['forgets a released key'])
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
