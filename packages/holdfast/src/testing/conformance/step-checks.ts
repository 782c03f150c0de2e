import assert from 'node:assert/strict'
import type { IdempotencyStore } from '../../idempotency/store.ts'
import type { DirectedCheck } from './check.ts'
import { expectOutcome } from './claim-checks.ts'
import { claimOf } from './names.ts'
import { hourMs } from './operation.ts'
import { toBytes } from './perform.ts'

/** What the steps of a resumable call promise. */
export const stepChecks: readonly DirectedCheck[] = [
  {
    sentence: 'hands the progress of a vanished runner to the next attempt, byte for byte',
    needs: 'step',
    prove: async ({ store, names }) => {
      const progress = Uint8Array.from({ length: 256 }, (_, index) => index)
      await store.claim(claimOf(names, 0, 0, { leaseMs: 0 }))
      assert.equal(await stepOf(store)(names.id(0), names.owner(0), async () => toBytes('overwritten')), true)
      assert.equal(await stepOf(store)(names.id(0), names.owner(0), async () => progress), true)
      expectOutcome(await store.claim(claimOf(names, 0, 1, { onOrphan: 'rerun' })), { kind: 'acquired', attempt: 2, progress })
    },
  },
  {
    sentence: 'fences a step whose lease was taken over, and keeps its effects out',
    needs: 'step',
    prove: async ({ store, names, options: { effects } }) => {
      await store.claim(claimOf(names, 0, 0, { leaseMs: 0 }))
      await store.claim(claimOf(names, 0, 1, { onOrphan: 'rerun' }))
      const verdict = await stepOf(store)(names.id(0), names.owner(0), async (transaction) => {
        await effects?.add(transaction, names.id(0))
        return toBytes('zombie')
      })
      assert.equal(verdict, undefined)
      assert.equal((await effects?.count(names.id(0))) ?? 0, 0)
      expectOutcome(await store.claim(claimOf(names, 0, 1)), { kind: 'acquired', attempt: 2, progress: undefined })
    },
  },
  {
    sentence: 'commits the effects of a step with its progress, and neither when it throws',
    needs: 'step',
    prove: async ({ store, names, options: { effects } }) => {
      await store.claim(claimOf(names, 0, 0))
      await stepOf(store)(names.id(0), names.owner(0), async (transaction) => {
        await effects?.add(transaction, names.id(0))
        return toBytes('one')
      })
      const failure = new Error('thrown by the body of a step')
      const failed = stepOf(store)(names.id(0), names.owner(0), async (transaction) => {
        await effects?.add(transaction, names.id(0))
        throw failure
      })
      await assert.rejects(failed, failure)
      if (effects !== undefined) assert.equal(await effects.count(names.id(0)), 1)
      expectOutcome(await store.claim(claimOf(names, 0, 0)), { kind: 'acquired', attempt: 1, progress: toBytes('one') })
      await store.complete({ id: names.id(0), owner: names.owner(0), answer: toBytes('x'), retentionMs: hourMs })
      assert.equal(await stepOf(store)(names.id(0), names.owner(0), async () => toBytes('late')), undefined)
    },
  },
]

function stepOf(store: IdempotencyStore): NonNullable<IdempotencyStore['step']> {
  assert.ok(store.step !== undefined)
  return (id, owner, body) => (store.step as NonNullable<IdempotencyStore['step']>)(id, owner, body)
}
