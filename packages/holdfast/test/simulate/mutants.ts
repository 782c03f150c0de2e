import type { Claim, IdempotencyOptions, IdempotencyStore, TransactionContext, TransactionEnd } from '../../src/idempotency/index.ts'
import type { Process } from './process.ts'

/** What a mutant may bend. */
export interface MutantWorld {
  readonly process: Process
  /** Kept over all processes of a world. */
  readonly memory: Map<string, string>
  /** Judges the store's time by another clock during one operation. */
  judgeBy(clock: Process['clock'] | undefined): void
}

/** A planted bug: the simulation must notice each of them, or it proves nothing. */
export interface Mutant {
  readonly store?: (store: IdempotencyStore, world: MutantWorld) => IdempotencyStore
  readonly options?: Partial<IdempotencyOptions>
}

function withClaims(store: IdempotencyStore, change: (claim: Claim) => Claim): IdempotencyStore {
  const { transact } = store
  return {
    ...store,
    claim: (claim) => store.claim(change(claim)),
    ...(transact && { transact: (claim: Claim | undefined, body: Body) => transact(claim && change(claim), body) }),
  }
}

type Body = (context: TransactionContext) => Promise<TransactionEnd>

/** The planted bugs by name. */
export const mutants: Readonly<Record<string, Mutant>> = {
  'no-claim': {
    store: (store) => ({
      ...store,
      claim: () => Promise.resolve({ kind: 'acquired', attempt: 1, progress: undefined }),
      complete: () => Promise.resolve('recorded'),
      heartbeat: () => Promise.resolve(true),
      ...(store.transact && {
        transact: (_claim: Claim | undefined, body: Body) => (store.transact as NonNullable<typeof store.transact>)(undefined, body),
      }),
    }),
  },
  'claim-without-owner-check': {
    store: (store, { memory }) => ({
      ...store,
      async claim(claim) {
        const verdict = await store.claim(claim)
        if (verdict.kind === 'acquired') memory.set(claim.id, claim.owner)
        return verdict
      },
      complete: (completion) => store.complete({ ...completion, owner: memory.get(completion.id) ?? completion.owner }),
      heartbeat: (id, owner, leaseMs) => store.heartbeat(id, memory.get(id) ?? owner, leaseMs),
    }),
  },
  'fingerprint-not-compared': { store: (store) => withClaims(store, (claim) => ({ ...claim, fingerprint: 'any' })) },
  'record-before-commit-lost': {
    store: (store, { process }) => ({
      ...store,
      complete(completion) {
        process.clock.after(400, () => void store.complete(completion))
        return Promise.resolve('recorded')
      },
      ...(store.transact && {
        transact: (claim: Claim | undefined, body: Body) =>
          new Promise((resolve, reject) => {
            const transact = store.transact as NonNullable<typeof store.transact>
            transact(claim, async (context) => {
              const end = await body(context)
              if (end.commit !== undefined) resolve({ kind: 'committed' })
              // The answer is on its way; the commit is not yet on the disk.
              await new Promise<void>((later) => process.clock.after(40, later))
              return end
            }).then(resolve, reject)
          }),
      }),
    }),
  },
  'key-not-scoped': { options: { account: () => 'everybody' } },
  'delete-on-throw': { options: { effectsAfterBegin: true } },
  'lease-by-callers-clock': {
    store: (store, { process, judgeBy }) => {
      const judged = <Result>(operation: () => Promise<Result>): Promise<Result> => {
        judgeBy(process.clock)
        const result = operation()
        judgeBy(undefined)
        return result
      }
      return {
        ...store,
        claim: (claim) => judged(() => store.claim(claim)),
        heartbeat: (id, owner, leaseMs) => judged(() => store.heartbeat(id, owner, leaseMs)),
      }
    },
  },
  'lease-ignored': {
    store: (store) => ({
      ...store,
      async claim(claim) {
        const verdict = await store.claim(claim)
        return verdict.kind === 'running' ? { kind: 'acquired', attempt: verdict.attempt + 1, progress: undefined } : verdict
      },
    }),
  },
  'fence-ignored': {
    store: (store) => ({
      ...store,
      async complete(completion) {
        const verdict = await store.complete(completion)
        return verdict === 'fenced' ? 'recorded' : verdict
      },
    }),
  },
  'unknown-is-rerun': { store: (store) => withClaims(store, (claim) => ({ ...claim, onOrphan: 'rerun' })) },
}
