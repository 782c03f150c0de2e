import assert from 'node:assert/strict'
import { expectOutcome } from './claim-checks.ts'
import type { DirectedCheck } from './check.ts'
import { claimOf } from './names.ts'
import { hourMs } from './operation.ts'
import { toBytes } from './perform.ts'

/** What completions, releases, heartbeats and settlements promise. */
export const completionChecks: readonly DirectedCheck[] = [
  {
    sentence: 'gives every repeat of a call the recorded answer',
    prove: async ({ store, names }) => {
      await store.claim(claimOf(names, 0, 0))
      assert.equal(await store.complete(completion(names.id(0), names.owner(0), 'first')), 'recorded')
      for (const owner of [0, 1, 2])
        expectOutcome(await store.claim(claimOf(names, 0, owner)), { kind: 'done', answer: toBytes('first'), attempt: 1 })
    },
  },
  {
    sentence: 'recognises a completion that is sent again and keeps the first answer',
    prove: async ({ store, names }) => {
      await store.claim(claimOf(names, 0, 0))
      const verdicts = await Promise.all(['x', 'x', 'x'].map((answer) => store.complete(completion(names.id(0), names.owner(0), answer))))
      assert.deepEqual(verdicts.toSorted(), ['already', 'already', 'recorded'])
      assert.equal(await store.complete(completion(names.id(0), names.owner(0), 'y')), 'already')
      expectOutcome(await store.claim(claimOf(names, 0, 1)), { kind: 'done', answer: toBytes('x'), attempt: 1 })
    },
  },
  {
    sentence: 'fences the completion of a runner whose key was taken over',
    prove: async ({ store, names }) => {
      await store.claim(claimOf(names, 0, 0, { leaseMs: 0 }))
      await store.claim(claimOf(names, 0, 1, { onOrphan: 'rerun' }))
      assert.equal(await store.complete(completion(names.id(0), names.owner(0), 'zombie')), 'fenced')
      assert.equal(await store.heartbeat(names.id(0), names.owner(0), hourMs), false)
      assert.equal(await store.release(names.id(0), names.owner(0), hourMs), false)
      assert.equal(await store.abandon(names.id(0), names.owner(0), hourMs), false)
      assert.equal(await store.complete(completion(names.id(0), names.owner(1), 'winner')), 'recorded')
      assert.equal(await store.complete(completion(names.id(0), names.owner(0), 'zombie')), 'fenced')
      expectOutcome(await store.claim(claimOf(names, 0, 2)), { kind: 'done', answer: toBytes('winner'), attempt: 2 })
    },
  },
  {
    sentence: 'fences completions of keys that nobody claimed, or that were released',
    prove: async ({ store, names }) => {
      assert.equal(await store.complete(completion(names.id(0), names.owner(0), 'x')), 'fenced')
      assert.equal(await store.lookup(names.id(0)), undefined)
      await store.claim(claimOf(names, 1, 0))
      await store.release(names.id(1), names.owner(0), hourMs)
      assert.equal(await store.complete(completion(names.id(1), names.owner(0), 'x')), 'fenced')
      assert.equal((await store.lookup(names.id(1)))?.state, 'released')
    },
  },
  {
    sentence: 'lets the only owner heal a key that became unknown, and nobody else',
    prove: async ({ store, names }) => {
      await store.claim(claimOf(names, 0, 0, { leaseMs: 0 }))
      await store.claim(claimOf(names, 0, 1))
      assert.equal(await store.complete(completion(names.id(0), names.owner(1), 'stranger')), 'fenced')
      assert.equal(await store.complete(completion(names.id(0), names.owner(0), 'late')), 'recorded')
      expectOutcome(await store.claim(claimOf(names, 0, 1)), { kind: 'done', answer: toBytes('late'), attempt: 1 })
    },
  },
  {
    sentence: 'extends a lease for its owner, even a lapsed one that nobody took',
    prove: async ({ store, names }) => {
      await store.claim(claimOf(names, 0, 0, { leaseMs: 0 }))
      assert.equal(await store.heartbeat(names.id(0), names.owner(1), hourMs), false)
      assert.equal(await store.heartbeat(names.id(0), names.owner(0), 3 * hourMs), true)
      expectOutcome(await store.claim(claimOf(names, 0, 1, { onOrphan: 'rerun' })), {
        kind: 'running',
        attempt: 1,
        leaseLeftMs: 3 * hourMs,
      })
    },
  },
  {
    sentence: 'does not release, abandon or extend a key that is not running, even for its owner',
    prove: async ({ store, names }) => {
      const states = { absent: 0, done: 1, released: 2, unknown: 3 }
      for (const key of [states.done, states.released, states.unknown]) await store.claim(claimOf(names, key, 0))
      await store.complete(completion(names.id(states.done), names.owner(0), 'kept'))
      await store.release(names.id(states.released), names.owner(0), hourMs)
      await store.abandon(names.id(states.unknown), names.owner(0), 24 * hourMs)
      for (const [state, key] of Object.entries(states)) {
        const before = await store.lookup(names.id(key))
        assert.equal(await store.release(names.id(key), names.owner(0), 5 * hourMs), false, `released: ${state}`)
        assert.equal(await store.abandon(names.id(key), names.owner(0), 5 * hourMs), false, `abandoned: ${state}`)
        assert.equal(await store.heartbeat(names.id(key), names.owner(0), 5 * hourMs), false, `extended: ${state}`)
        expectOutcome(await store.lookup(names.id(key)), before)
      }
    },
  },
  {
    sentence: 'settles an unknown key once, and fences its vanished runner',
    prove: async ({ store, names }) => {
      for (const key of [0, 1]) {
        await store.claim(claimOf(names, key, 0))
        assert.equal(await store.resolve(resolution(names.id(key), names.owner(8), 'early')), false)
        assert.equal(await store.abandon(names.id(key), names.owner(0), 24 * hourMs), true)
      }
      assert.equal(await store.resolve(resolution(names.id(0), names.owner(8), 'settled')), true)
      assert.equal(await store.resolve(resolution(names.id(0), names.owner(9), 'again')), false)
      assert.equal(await store.complete(completion(names.id(0), names.owner(0), 'late')), 'fenced')
      expectOutcome(await store.claim(claimOf(names, 0, 1)), { kind: 'done', answer: toBytes('settled'), attempt: 1 })
      assert.equal(await store.resolve({ ...resolution(names.id(1), names.owner(8), ''), answer: undefined }), true)
      assert.equal(await store.complete(completion(names.id(1), names.owner(0), 'late')), 'fenced')
      expectOutcome(await store.claim(claimOf(names, 1, 1)), { kind: 'acquired', attempt: 2, progress: undefined })
    },
  },
  {
    sentence: 'records one answer when 20 completions of one owner and 20 of strangers race',
    prove: async ({ store, names }) => {
      await store.claim(claimOf(names, 0, 0))
      const sent = Array.from({ length: 40 }, (_, index) =>
        store.complete(completion(names.id(0), names.owner(index % 2 === 0 ? 0 : index), `answer ${index % 2}`)),
      )
      const verdicts = await Promise.all(sent)
      assert.equal(verdicts.filter((verdict) => verdict === 'recorded').length, 1)
      assert.equal(verdicts.filter((verdict) => verdict === 'already').length, 19)
      expectOutcome(await store.claim(claimOf(names, 0, 1)), { kind: 'done', answer: toBytes('answer 0'), attempt: 1 })
    },
  },
  ...['empty', '256 different bytes', '1 MiB'].map((size): DirectedCheck => ({
    sentence: `gives an answer back byte for byte: ${size}`,
    prove: async ({ store, names }) => {
      const answer = Uint8Array.from(
        { length: size === 'empty' ? 0 : size === '1 MiB' ? 1_048_576 : 256 },
        (_, index) => (index * 31 + (index >> 8)) & 255,
      )
      await store.claim(claimOf(names, 0, 0))
      assert.equal(await store.complete({ id: names.id(0), owner: names.owner(0), answer, retentionMs: hourMs }), 'recorded')
      expectOutcome(await store.claim(claimOf(names, 0, 1)), { kind: 'done', answer, attempt: 1 })
      const read = (await store.lookup(names.id(0)))?.answer
      assert.ok(read instanceof Uint8Array && Buffer.compare(read, answer) === 0, 'lookup returned other bytes')
    },
  })),
]

function completion(id: string, owner: string, answer: string): { id: string; owner: string; answer: Uint8Array; retentionMs: number } {
  return { id, owner, answer: toBytes(answer), retentionMs: hourMs }
}

function resolution(id: string, owner: string, answer: string): { id: string; owner: string; answer: Uint8Array; retentionMs: number } {
  return { id, owner, answer: toBytes(answer), retentionMs: hourMs }
}
