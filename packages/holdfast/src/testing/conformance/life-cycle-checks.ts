import assert from 'node:assert/strict'
import type { DirectedCheck } from './check.ts'
import { expectOutcome } from './claim-checks.ts'
import { claimOf } from './names.ts'
import { hourMs } from './operation.ts'
import { toBytes } from './perform.ts'

/** What reading, expiry and collection promise. */
export const lifeCycleChecks: readonly DirectedCheck[] = [
  {
    sentence: 'tells what is known of a key in every state without claiming it',
    prove: async ({ store, names }) => {
      const [id, owner] = [names.id(0), names.owner(0)]
      assert.equal(await store.lookup(id), undefined)
      await store.claim(claimOf(names, 0, 0))
      const running = { state: 'running', attempt: 1, ageMs: 0, expiresInMs: undefined, leaseLeftMs: hourMs, answer: undefined } as const
      expectOutcome(await store.lookup(id), running)
      await store.release(id, owner, 2 * hourMs)
      expectOutcome(await store.lookup(id), { ...running, state: 'released', expiresInMs: 2 * hourMs, leaseLeftMs: undefined })
      await store.claim(claimOf(names, 0, 0))
      await store.abandon(id, owner, 3 * hourMs)
      expectOutcome(await store.lookup(id), { ...running, state: 'unknown', attempt: 2, expiresInMs: 3 * hourMs, leaseLeftMs: undefined })
      await store.complete({ id, owner, answer: toBytes('x'), retentionMs: hourMs })
      expectOutcome(await store.lookup(id), {
        ...running,
        state: 'done',
        attempt: 2,
        expiresInMs: hourMs,
        leaseLeftMs: undefined,
        answer: toBytes('x'),
      })
    },
  },
  {
    sentence: 'starts an expired key afresh',
    prove: async ({ store, names }) => {
      const [id, owner] = [names.id(0), names.owner(0)]
      await store.claim(claimOf(names, 0, 0))
      await store.complete({ id, owner, answer: toBytes('gone'), retentionMs: 0 })
      assert.equal(await store.lookup(id), undefined)
      // Another fingerprint is fine: nothing is left to compare it with.
      const afresh = await store.claim(claimOf(names, 0, 1, { fingerprint: names.fingerprint(1) }))
      expectOutcome(afresh, { kind: 'acquired', attempt: 1, progress: undefined })
      expectOutcome(await store.claim(claimOf(names, 0, 2)), { kind: 'mismatch' })
    },
  },
  {
    sentence: 'collects expired records only, keeping running, lapsed, unknown and live ones',
    prove: async ({ store, names }) => {
      const kept = [0, 1, 2, 3]
      for (const key of [...kept, 4, 5, 6]) await store.claim(claimOf(names, key, 0, { leaseMs: key === 1 ? 0 : hourMs }))
      await store.abandon(names.id(2), names.owner(0), 24 * hourMs)
      await store.complete({ id: names.id(3), owner: names.owner(0), answer: toBytes('x'), retentionMs: hourMs })
      for (const key of [4, 5]) await store.complete({ id: names.id(key), owner: names.owner(0), answer: toBytes('x'), retentionMs: 0 })
      await store.release(names.id(6), names.owner(0), 0)
      assert.ok((await store.collect(1)) <= 1, 'collected more than the limit')
      while ((await store.collect(100)) > 0);
      const states = await Promise.all(kept.map(async (key) => (await store.lookup(names.id(key)))?.state))
      assert.deepEqual(states, ['running', 'running', 'unknown', 'done'])
      for (const key of [4, 5, 6])
        expectOutcome(await store.claim(claimOf(names, key, 1)), { kind: 'acquired', attempt: 1, progress: undefined })
    },
  },
  {
    sentence: 'describes itself: guarantees, durability, and findings with a code and a message',
    prove: async ({ store }) => {
      assert.ok(store.name.length > 0)
      assert.equal(typeof store.durable, 'boolean')
      assert.equal(
        store.transact !== undefined,
        store.guarantees.includes('exactly-once'),
        'transact is there where exactly-once is promised',
      )
      assert.equal(store.step !== undefined, store.guarantees.includes('resumable'), 'step is there where resumable is promised')
      for (const { severity, code, message } of await store.doctor()) {
        assert.match(severity, /^(error|warning)$/)
        assert.match(code, /^[a-z][a-z0-9-]+$/)
        assert.ok(message.length > 0)
      }
    },
  },
]
