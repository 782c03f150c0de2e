import type { IdempotencyStore } from '../../idempotency/store.ts'

/** Writes and counts rows through a store's own transactions, so that a check can see whether an effect was committed. */
export interface Effects {
  /** Adds one row called `name` through the database handle that a transaction's body was given. */
  add(transaction: unknown, name: string): Promise<void>
  /** How many committed rows are called `name`, read outside any transaction. */
  count(name: string): Promise<number>
}

/** The store a conformance suite is run on. */
export interface ConformanceOptions {
  /** Begins the name of every check: `sqlite`. */
  readonly name: string
  /** Opens a store. Called once a check; it may be the same store every time, with other records in it. */
  open(): Promise<IdempotencyStore>
  /** Closes what `open` gave; called after each check. */
  close?(store: IdempotencyStore): Promise<void>
  /**
   * The store's clock, where a test can move it; a fake clock is one. Without it time is only ever judged by leases and retentions
   * that are over at once or not within an hour, so that store and model need not agree on the time.
   */
  readonly time?: { now(): number; advance(ms: number): void }
  /** Needed to check that a transaction's effects and its record are committed together. */
  readonly effects?: Effects
  /**
   * Whether the store counts an account's keys for `Claim.quota`.
   *
   * @default true
   */
  readonly quota?: boolean
  /**
   * How many random histories are replayed in each of the random checks.
   *
   * @default 40
   */
  readonly histories?: number
  /**
   * Repeats the histories of an earlier run; failures name it.
   *
   * @default a new one each time
   */
  readonly seed?: number
}

/** One named check. `run` rejects with what went wrong. */
export interface ConformanceCheck {
  readonly name: string
  readonly run: () => Promise<void>
}
