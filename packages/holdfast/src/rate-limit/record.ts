/**
 * A bucket that drains at a steady rate and takes a cost while it has room: GCRA in its continuous form, in whole numbers.
 *
 * A *unit* is what makes both the rate and a token whole: the bucket drains `rate` units a millisecond and a token fills `unit` units.
 */
export interface BucketMeter {
  readonly kind: 'bucket'
  /** Units that drain in one millisecond. */
  readonly rate: number
  /** Units one token fills. */
  readonly unit: number
  /** Tokens that fit at once. */
  readonly burst: number
  /** `burst * unit`: the level above which nothing is admitted. At most 2^53 - 1 together with one more token. */
  readonly capacity: number
  /** The level that settling above the estimate may reach, units. */
  readonly ceiling: number
}

/** At most `limit` tokens in every window, wherever it begins: the window is kept as twelve segments and the one it is in. */
export interface WindowMeter {
  readonly kind: 'window'
  readonly limit: number
  readonly windowMs: number
  /** What settling above the estimate may bring the sum to, tokens. */
  readonly ceiling: number
}

/** At most `limit` tokens from one date to the next. */
export interface CalendarMeter {
  readonly kind: 'calendar'
  readonly limit: number
  /**
   * When periods begin, ascending milliseconds since the epoch, at least two: the period of the caller's clock, and some before and after,
   * so that a store whose clock shows another time still finds its own.
   */
  readonly starts: readonly number[]
  /** What settling above the estimate may bring the sum to, tokens. */
  readonly ceiling: number
}

/** A limit as a store sees it: a few numbers. */
export type Meter = BucketMeter | WindowMeter | CalendarMeter

/**
 * What a store keeps of one counter, as plain whole numbers so that SQL and Lua do the same arithmetic:
 *
 * - bucket: `[level, at, unit]`: units in the bucket, when that was so, and the unit they are counted in
 * - window: `[segment, windowMs, c0 ... c12]`: the newest segment, the window it divides, and the tokens of segment `s` in `c[s % 13]`
 * - calendar: `[used, at, end]`: tokens used, when that was so, and when the period ends
 *
 * No state is the same as one in which nothing is used, so a store may forget such a one at any time. A counter never changes its kind: where a
 * limit becomes one of another kind, it counts anew.
 */
export type MeterState = readonly number[]

/** One of the limits a call has to pass. */
export interface TakeItem {
  /** Who is counted: `account:ada`, `ip:192.0.2.1`, empty for everybody. A store keeps the counters of one owner together. */
  readonly owner: string
  /** Which of the owner's counters: the limit's pool, and what else it is divided by. No two items of one take name the same counter. */
  readonly counter: string
  readonly meter: Meter
  /** Tokens, a whole number; 0 looks without taking. */
  readonly cost: number
  /** Whether the item never blocks: it is only debited where the call is admitted and it fits. */
  readonly shadow: boolean
  /** Who shares a counter with this owner in a store that has no room for one more. @default everybody */
  readonly overflow?: string | undefined
}

/** How one item stands. */
export interface ItemStanding {
  /** Whether the item alone has room. It is debited when the take was admitted and this is true. */
  readonly fits: boolean
  /** The state after the decision, as it is at `now`. */
  readonly state: MeterState
}

/** What became of a take. */
export interface TakeResult {
  /** Whether every item that is not a shadow fits; then all of them were debited, else none. */
  readonly admitted: boolean
  /** What the store's clock showed, milliseconds since the epoch. */
  readonly now: number
  /** In the order of the items. */
  readonly items: readonly ItemStanding[]
  /** How many times each cost was counted: a node that decides alone counts for all the others. @default 1 */
  readonly weight?: number
  /** When its tokens were taken, by the store's clock, where that was before `now`. A settlement is told this. @default `now` */
  readonly takenAt?: number
  /** Who settles the take, where it was not the store that was asked. */
  readonly keptBy?: { settle(settlement: Settlement): SettleResult | Promise<SettleResult> }
}

/** What one debited item cost after all. */
export interface SettleItem {
  readonly owner: string
  readonly counter: string
  readonly meter: Meter
  /** The true cost less what was taken: below 0 gives back, above 0 charges more, up to the meter's ceiling. */
  readonly delta: number
  readonly overflow?: string | undefined
}

/** Puts right what a take has estimated. */
export interface Settlement {
  /** Names the take. A store applies a token once, for at least a minute. */
  readonly token: string
  /** `now` of the take: what was used up in a window or period that is over is not given back. */
  readonly takenAt: number
  readonly items: readonly SettleItem[]
}

/** What became of a settlement. */
export interface SettleResult {
  /** `false`: the token had been applied before. */
  readonly applied: boolean
  /** What the store's clock showed. */
  readonly now: number
}
