import type { LimitStore } from '../../rate-limit/store.ts'

/** The store a conformance suite for rate limits is run on. */
export interface LimitConformanceOptions {
  /** Begins the name of every check: `redis`. */
  readonly name: string
  /** Opens a store. Called once a check; it may be the same store every time, with other counters in it. */
  open(): Promise<LimitStore> | LimitStore
  /** Closes what `open` gave; called after each check. */
  close?(store: LimitStore): Promise<void>
  /** The store's clock, where a test can move it; a fake clock is one. */
  readonly time?: { now(): number; advance(ms: number): void }
  /**
   * How many owners the items of one take may have. 1 for a store that reaches several owners one after the other.
   *
   * @default 2
   */
  readonly owners?: 1 | 2
  /**
   * How many takes are sent at once, to see that exactly as many are admitted as the limit says.
   *
   * @default 10_000
   */
  readonly takesAtOnce?: number
  /**
   * How many random histories are replayed.
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

/** What a check is given: an open store, and names that nobody else uses. */
export interface LimitBench {
  readonly store: LimitStore
  readonly options: LimitConformanceOptions
  /** The name of an owner, for this check alone. */
  owner(number?: number): string
  token(): string
}

/** A directed check: the sentence it proves, and how. */
export interface LimitCheck {
  readonly sentence: string
  /** Whether the store's clock has to be moved. */
  readonly needsTime?: boolean
  readonly prove: (bench: LimitBench) => Promise<void>
}
