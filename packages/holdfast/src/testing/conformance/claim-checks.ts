import assert from 'node:assert/strict'
import { agrees, outcomeToText } from './agrees.ts'
import type { DirectedCheck } from './check.ts'
import { claimOf } from './names.ts'
import { hourMs } from './operation.ts'
import { realTime, toBytes } from './perform.ts'
import type { Outcome } from './perform.ts'

/** Fails unless an outcome is the expected one. */
export function expectOutcome(observed: Outcome, expected: Outcome): void {
  assert.ok(agrees(observed, expected), `expected ${outcomeToText(expected)}, got ${outcomeToText(observed)}`)
}

const first: Outcome = { kind: 'acquired', attempt: 1, progress: undefined }

/** What claims promise. */
export const claimChecks: readonly DirectedCheck[] = [
  {
    sentence: 'acquires a key exactly once for 60 claims at once',
    prove: async ({ store, names }) => {
      const verdicts = await Promise.all(Array.from({ length: 60 }, (_, owner) => store.claim(claimOf(names, 0, owner))))
      assert.equal(verdicts.filter(({ kind }) => kind === 'acquired').length, 1)
      assert.equal(verdicts.filter(({ kind }) => kind === 'running').length, 59)
    },
  },
  {
    sentence: 'gives a claim that is sent again by its owner the same attempt again',
    prove: async ({ store, names }) => {
      const claim = claimOf(names, 0, 0)
      expectOutcome(await store.claim(claim), first)
      expectOutcome(await store.claim(claim), first)
      const together = await Promise.all([store.claim(claim), store.claim(claim), store.claim(claim)])
      for (const verdict of together) expectOutcome(verdict, first)
    },
  },
  {
    sentence: 'tells a second caller how long the lease still lasts',
    prove: async ({ store, names }) => {
      await store.claim(claimOf(names, 0, 0, { leaseMs: 2 * hourMs }))
      expectOutcome(await store.claim(claimOf(names, 0, 1)), { kind: 'running', attempt: 1, leaseLeftMs: 2 * hourMs })
    },
  },
  {
    sentence: 'refuses another fingerprint in every state and leaves the record untouched',
    prove: async ({ store, names }) => {
      const other = { fingerprint: names.fingerprint(1), leaseMs: 5 * hourMs, onOrphan: 'rerun' } as const
      const states = { running: 0, done: 1, released: 2, unknown: 3, lapsed: 4 }
      for (const key of Object.values(states)) await store.claim(claimOf(names, key, 0, { leaseMs: key === states.lapsed ? 0 : hourMs }))
      await store.complete({ id: names.id(states.done), owner: names.owner(0), answer: toBytes('kept'), retentionMs: hourMs })
      await store.release(names.id(states.released), names.owner(0), hourMs)
      await store.abandon(names.id(states.unknown), names.owner(0), 2 * hourMs)
      for (const [state, key] of Object.entries(states)) {
        const before = await store.lookup(names.id(key))
        expectOutcome(await store.claim(claimOf(names, key, 1, other)), { kind: 'mismatch' })
        expectOutcome(await store.claim(claimOf(names, key, 0, other)), { kind: 'mismatch' })
        const after = await store.lookup(names.id(key))
        assert.ok(agrees(after, before), `${state}: the record changed from ${outcomeToText(before)} to ${outcomeToText(after)}`)
      }
    },
  },
  {
    sentence: 'makes a key unknown when its lease ran out and its claim does not ask for a rerun',
    prove: async ({ store, names }) => {
      await store.claim(claimOf(names, 0, 0, { leaseMs: 0 }))
      expectOutcome(await store.claim(claimOf(names, 0, 1)), { kind: 'unknown', attempt: 1 })
      expectOutcome(await store.claim(claimOf(names, 0, 2, { onOrphan: 'rerun' })), { kind: 'unknown', attempt: 1 })
      assert.equal((await store.lookup(names.id(0)))?.state, 'unknown')
    },
  },
  {
    sentence: 'hands a key whose lease ran out to exactly one of 30 claims that ask for a rerun',
    prove: async ({ store, names }) => {
      await store.claim(claimOf(names, 0, 99, { leaseMs: 0 }))
      const verdicts = await Promise.all(
        Array.from({ length: 30 }, (_, owner) => store.claim(claimOf(names, 0, owner, { onOrphan: 'rerun' }))),
      )
      const acquired = verdicts.filter(({ kind }) => kind === 'acquired')
      assert.equal(acquired.length, 1)
      expectOutcome(acquired[0], { kind: 'acquired', attempt: 2, progress: undefined })
    },
  },
  {
    sentence: 'runs a released call again as the next attempt',
    prove: async ({ store, names }) => {
      await store.claim(claimOf(names, 0, 0))
      assert.equal(await store.release(names.id(0), names.owner(0), hourMs), true)
      expectOutcome(await store.claim(claimOf(names, 0, 1)), { kind: 'acquired', attempt: 2, progress: undefined })
    },
  },
  {
    sentence: 'never executes a key that is older than its retention, but still answers it',
    prove: async ({ store, names, options }) => {
      const mintedAt = (options.time ?? realTime).now() - 3 * hourMs
      expectOutcome(await store.claim(claimOf(names, 0, 0, { mintedAt })), { kind: 'expired' })
      assert.equal(await store.lookup(names.id(0)), undefined)
      await store.claim(claimOf(names, 1, 0, { mintedAt, retentionMs: 24 * hourMs }))
      await store.complete({ id: names.id(1), owner: names.owner(0), answer: toBytes('old'), retentionMs: hourMs })
      expectOutcome(await store.claim(claimOf(names, 1, 1, { mintedAt })), { kind: 'done', answer: toBytes('old'), attempt: 1 })
    },
  },
  {
    sentence: 'keeps ids apart that differ in one letter or only in case',
    prove: async ({ store, names }) => {
      const id = names.id(0)
      for (const one of [`${id}a`, `${id}A`, `${id}b`]) expectOutcome(await store.claim(claimOf(names, 0, 0, { id: one })), first)
    },
  },
  {
    sentence: 'refuses a new key beyond the quota of its account, and no other',
    needs: 'quota',
    prove: async ({ store, names }) => {
      const quota = 2
      expectOutcome(await store.claim(claimOf(names, 0, 0, { quota })), first)
      expectOutcome(await store.claim(claimOf(names, 1, 0, { quota })), first)
      expectOutcome(await store.claim(claimOf(names, 2, 0, { quota })), { kind: 'quota' })
      assert.equal(await store.lookup(names.id(2)), undefined)
      expectOutcome(await store.claim(claimOf(names, 0, 0, { quota })), first)
      expectOutcome(await store.claim(claimOf(names, 3, 0, { quota, scope: names.scope(1) })), first)
      await store.release(names.id(1), names.owner(0), hourMs)
      expectOutcome(await store.claim(claimOf(names, 1, 1, { quota })), { kind: 'acquired', attempt: 2, progress: undefined })
    },
  },
  {
    sentence: 'holds an expired key that starts afresh against the quota, even for its last owner',
    needs: 'quota',
    prove: async ({ store, names }) => {
      for (const key of [0, 1]) await store.claim(claimOf(names, key, 0, { quota: 2 }))
      await store.release(names.id(0), names.owner(0), 0)
      expectOutcome(await store.claim(claimOf(names, 0, 0, { quota: 1 })), { kind: 'quota' })
      expectOutcome(await store.claim(claimOf(names, 0, 0, { quota: 2 })), first)
    },
  },
]
