import type { Claim, ClaimVerdict, Completion, CompleteVerdict, KeySnapshot, Resolution } from './record.ts'

/** What a route promises about running a call once. */
export type Guarantee =
  /** Record and effects in one commit. */
  | 'exactly-once'
  /** Recovery points and derived downstream keys: a crash continues where it stopped. */
  | 'resumable'
  /** Never twice; after a crash the outcome may be unknown. */
  | 'at-most-once'
  /** Never lost; after a crash it may run again. */
  | 'at-least-once'

/**
 * What a transaction's body decided: an answer to commit, or nothing. With `undoEffects` the answer is recorded alone, and everything the body wrote is
 * undone.
 */
export type TransactionEnd =
  | { readonly commit: Uint8Array; readonly retentionMs: number; readonly undoEffects?: boolean }
  | { readonly commit: undefined }

/** What a transaction came to: its body ran, or the claim found the key taken. */
export type TransactionVerdict =
  | { readonly kind: 'committed' }
  | { readonly kind: 'rolled-back' }
  | Exclude<ClaimVerdict, { kind: 'acquired' }>

/** What the body of a transaction is given. `transaction` is the database handle handlers write through. */
export interface TransactionContext {
  readonly transaction: unknown
  readonly attempt: number
}

/** Something the store doctor noticed: an error means a promise of this store does not hold as it is configured. */
export interface Finding {
  readonly severity: 'error' | 'warning'
  /** A stable code: `redis-evicts-keys`. */
  readonly code: string
  /** What was found, and what to do about it. */
  readonly message: string
}

/**
 * Keeps the records of idempotency keys. Every operation is atomic, judges time by the store's own clock, follows `decide.ts`
 * to the letter, and may be sent again after a lost reply. All of them reject with a `store-unavailable` error when the store cannot
 * be reached; the caller sets timeouts.
 */
export interface IdempotencyStore {
  /** For messages: `sqlite`. */
  readonly name: string
  /** What this store can promise; `defineApi` refuses a route that asks for more. */
  readonly guarantees: readonly Guarantee[]
  /** Whether records outlive the process; if so, ids and answers are sealed with the API's secret. */
  readonly durable: boolean
  claim(claim: Claim): Promise<ClaimVerdict>
  complete(completion: Completion): Promise<CompleteVerdict>
  /** Says the call had no effect. `false`: not running under this owner any more. */
  release(id: string, owner: string, retentionMs: number): Promise<boolean>
  /** Says nobody knows whether the call had an effect: `running` becomes `unknown`. `false`: not running under this owner. */
  abandon(id: string, owner: string, unknownRetentionMs: number): Promise<boolean>
  /** Extends the lease. `false`: it was lost. */
  heartbeat(id: string, owner: string, leaseMs: number): Promise<boolean>
  /** Settles an `unknown` key. `false`: it is not unknown. */
  resolve(resolution: Resolution): Promise<boolean>
  /**
   * Reads a record that has not expired. A key whose transaction has not ended is `running`, where the store can know: SQLite sees those of its own
   * process only, Postgres all.
   */
  lookup(id: string): Promise<KeySnapshot | undefined>
  /** Deletes up to `limit` expired records; returns how many. Stores that expire on their own return 0. */
  collect(limit: number): Promise<number>
  /** Looks for settings that would break a promise. */
  doctor(): Promise<readonly Finding[]>
  /**
   * Claims the key, runs `body` in a transaction and commits its effects together with the answer. Leaves no trace when `body`
   * throws or does not commit. Resolves only after the commit is durable. `body` runs at most once. Without a claim it is a plain
   * transaction. Present where `guarantees` has `exactly-once`.
   */
  transact?(claim: Claim | undefined, body: (context: TransactionContext) => Promise<TransactionEnd>): Promise<TransactionVerdict>
  /**
   * Runs one step of a resumable call in a transaction and saves the progress it returns in the same commit. `undefined`: the lease
   * was lost, nothing was committed. Present where `guarantees` has `resumable`.
   */
  step?(id: string, owner: string, body: (transaction: unknown) => Promise<Uint8Array>): Promise<true | undefined>
}
