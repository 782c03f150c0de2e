import assert from 'node:assert/strict'
import type { ClaimVerdict, KeySnapshot } from '../../idempotency/record.ts'
import type { IdempotencyStore, TransactionEnd, TransactionVerdict } from '../../idempotency/store.ts'
import type { Bench, DirectedCheck } from './check.ts'
import { expectOutcome } from './claim-checks.ts'
import { claimOf } from './names.ts'
import { hourMs } from './operation.ts'
import { toBytes } from './perform.ts'
import type { Outcome } from './perform.ts'

const first = { kind: 'acquired', attempt: 1, progress: undefined } as const

/** What transactions promise. Effects are written only where the suite was told how. */
export const transactionChecks: readonly DirectedCheck[] = [
  {
    sentence: 'makes a committed transaction and its answer visible together',
    needs: 'transact',
    prove: async ({ store, names, options }) => {
      const attempts: number[] = []
      const verdict = await transactOf(store)(claimOf(names, 0, 0), async ({ transaction, attempt }) => {
        attempts.push(attempt)
        await options.effects?.add(transaction, names.id(0))
        return committed('answer')
      })
      expectOutcome(verdict, { kind: 'committed' })
      assert.deepEqual(attempts, [1])
      await expectEffects({ store, names, options }, 0, 1)
      expectOutcome(await store.claim(claimOf(names, 0, 1)), { kind: 'done', answer: toBytes('answer'), attempt: 1 })
      assert.equal(
        await store.complete({ id: names.id(0), owner: names.owner(0), answer: toBytes('other'), retentionMs: hourMs }),
        'already',
      )
    },
  },
  {
    sentence: 'leaves no trace of a transaction whose body throws, and rejects with what it threw',
    needs: 'transact',
    prove: async ({ store, names, options }) => {
      const failure = new Error('thrown by the body of a transaction')
      const failed = transactOf(store)(claimOf(names, 0, 0), async ({ transaction }) => {
        await options.effects?.add(transaction, names.id(0))
        throw failure
      })
      await assert.rejects(failed, failure)
      await expectEffects({ store, names, options }, 0, 0)
      assert.equal(await store.lookup(names.id(0)), undefined)
      expectOutcome(await store.claim(claimOf(names, 0, 1)), first)
    },
  },
  {
    sentence: 'leaves no trace of a transaction whose body does not commit',
    needs: 'transact',
    prove: async ({ store, names, options }) => {
      const verdict = await transactOf(store)(claimOf(names, 0, 0), async ({ transaction }) => {
        await options.effects?.add(transaction, names.id(0))
        return { commit: undefined }
      })
      expectOutcome(verdict, { kind: 'rolled-back' })
      await expectEffects({ store, names, options }, 0, 0)
      assert.equal(await store.lookup(names.id(0)), undefined)
      expectOutcome(await store.claim(claimOf(names, 0, 1)), first)
    },
  },
  {
    sentence: 'tells of a key whose transaction has not ended that it runs, as for a key that was never seen as for a released one',
    needs: 'transact',
    prove: async ({ store, names }) => {
      await store.claim(claimOf(names, 1, 0))
      await store.release(names.id(1), names.owner(0), hourMs)
      for (const [key, attempt] of [
        [0, 1],
        [1, 2],
      ] as const) {
        let during
        await transactOf(store)(claimOf(names, key, 1), async () => {
          during = await store.lookup(names.id(key))
          return committed('answer')
        })
        expectOutcome(during && { ...(during as KeySnapshot), ageMs: 0 }, {
          state: 'running',
          attempt,
          ageMs: 0,
          expiresInMs: undefined,
          leaseLeftMs: undefined,
          answer: undefined,
        })
        assert.equal((await store.lookup(names.id(key)))?.state, 'done')
      }
    },
  },
  {
    sentence: 'does not run the body when the key is taken',
    needs: 'transact',
    prove: async ({ store, names }) => {
      await store.claim(claimOf(names, 0, 0))
      await transactOf(store)(claimOf(names, 1, 0), async () => committed('answer'))
      const run = (key: number, fingerprint: number): Promise<TransactionVerdict> =>
        transactOf(store)(claimOf(names, key, 1, { fingerprint: names.fingerprint(fingerprint) }), () => assert.fail('the body ran'))
      expectOutcome(await run(0, 0), { kind: 'running', attempt: 1, leaseLeftMs: hourMs })
      expectOutcome(await run(1, 0), { kind: 'done', answer: toBytes('answer'), attempt: 1 })
      expectOutcome(await run(1, 1), { kind: 'mismatch' })
    },
  },
  {
    sentence: 'runs the body once when 20 transactions of one key race',
    needs: 'transact',
    prove: async ({ store, names, options }) => {
      let runs = 0
      const sent = Array.from({ length: 20 }, (_, owner) =>
        transactOf(store)(claimOf(names, 0, owner), async ({ transaction }) => {
          runs += 1
          await options.effects?.add(transaction, names.id(0))
          return committed(`answer of ${owner}`)
        }),
      )
      const verdicts = await Promise.all(sent)
      assert.equal(runs, 1)
      assert.equal(verdicts.filter(({ kind }) => kind === 'committed').length, 1)
      assert.equal(verdicts.filter(({ kind }) => kind === 'committed' || kind === 'done' || kind === 'running').length, 20)
      await expectEffects({ store, names, options }, 0, 1)
    },
  },
  {
    sentence: 'does not run a transaction again that is sent again after it committed',
    needs: 'transact',
    prove: async ({ store, names, options }) => {
      const send = (): Promise<TransactionVerdict> =>
        transactOf(store)(claimOf(names, 0, 0), async ({ transaction }) => {
          await options.effects?.add(transaction, names.id(0))
          return committed('answer')
        })
      expectOutcome(await send(), { kind: 'committed' })
      expectOutcome(await send(), { kind: 'done', answer: toBytes('answer'), attempt: 1 })
      await expectEffects({ store, names, options }, 0, 1)
    },
  },
  {
    sentence: 'lets one of 10 transactions and 10 claims of one key win',
    needs: 'transact',
    prove: async ({ store, names, options }) => {
      const sent = Array.from({ length: 20 }, (_, owner): Promise<Outcome> => {
        if (owner % 2 === 1) return store.claim(claimOf(names, 0, owner))
        return transactOf(store)(claimOf(names, 0, owner), async ({ transaction }) => {
          await options.effects?.add(transaction, names.id(0))
          return committed('answer')
        })
      })
      const kinds = (await Promise.all(sent)).map((outcome) => (outcome as ClaimVerdict | TransactionVerdict).kind)
      const commits = kinds.filter((kind) => kind === 'committed').length
      const won = commits + kinds.filter((kind) => kind === 'acquired').length
      assert.equal(won, 1, `${won} won: ${kinds.join(', ')}`)
      await expectEffects({ store, names, options }, 0, commits)
    },
  },
  {
    sentence: 'keeps transactions of different keys apart when some commit, some throw and some roll back',
    needs: 'transact',
    prove: async ({ store, names, options }) => {
      const keys = Array.from({ length: 24 }, (_, key) => key)
      const sent = keys.map((key) =>
        transactOf(store)(claimOf(names, key, 0), async ({ transaction }) => {
          await options.effects?.add(transaction, names.id(key))
          if (key % 3 === 1) throw new Error(`key ${key}`)
          return key % 3 === 0 ? committed(`answer ${key}`) : { commit: undefined }
        }),
      )
      const results = await Promise.allSettled(sent)
      for (const key of keys) {
        const result = results[key] as PromiseSettledResult<unknown>
        assert.equal(result.status, key % 3 === 1 ? 'rejected' : 'fulfilled')
        await expectEffects({ store, names, options }, key, key % 3 === 0 ? 1 : 0)
        const verdict = await store.claim(claimOf(names, key, 1))
        expectOutcome(verdict, key % 3 === 0 ? { kind: 'done', answer: toBytes(`answer ${key}`), attempt: 1 } : first)
      }
    },
  },
  {
    sentence: 'records an answer alone when the effects of its transaction are to be undone',
    needs: 'transact',
    prove: async ({ store, names, options }) => {
      const claim = claimOf(names, 0, 0)
      const verdict = await transactOf(store)(claim, async ({ transaction }) => {
        await options.effects?.add(transaction, names.id(0))
        return { commit: toBytes('refused'), retentionMs: hourMs, undoEffects: true }
      })
      expectOutcome(verdict, { kind: 'committed' })
      await expectEffects({ store, names, options }, 0, 0)
      expectOutcome(await store.claim(claimOf(names, 0, 1)), { kind: 'done', answer: toBytes('refused'), attempt: 1 })
    },
  },
  {
    sentence: 'runs a transaction without a claim as a plain one',
    needs: 'transact',
    prove: async ({ store, names, options }) => {
      const add = (key: number, end: TransactionEnd): Promise<TransactionVerdict> =>
        transactOf(store)(undefined, async ({ transaction }) => {
          await options.effects?.add(transaction, names.id(key))
          return end
        })
      expectOutcome(await add(0, committed('unused')), { kind: 'committed' })
      expectOutcome(await add(1, { commit: undefined }), { kind: 'rolled-back' })
      await expectEffects({ store, names, options }, 0, 1)
      await expectEffects({ store, names, options }, 1, 0)
    },
  },
]

function committed(answer: string): TransactionEnd {
  return { commit: toBytes(answer), retentionMs: hourMs }
}

async function expectEffects({ names, options: { effects } }: Bench, key: number, expected: number): Promise<void> {
  if (effects !== undefined) assert.equal(await effects.count(names.id(key)), expected)
}

function transactOf(store: IdempotencyStore): NonNullable<IdempotencyStore['transact']> {
  assert.ok(store.transact !== undefined)
  return (claim, body) => (store.transact as NonNullable<IdempotencyStore['transact']>)(claim, body)
}
