import type { Confidence } from './shape/confidence.ts'

/** A bucket: `limit` requests in `windowSeconds`, `burst` at once. */
export interface RecommendedLimit {
  readonly name: string
  readonly limit: number
  readonly windowSeconds: number
  readonly burst: number
}

/** The burst that a rate needs. */
export interface EnvelopePoint {
  readonly limit: number
  readonly windowSeconds: number
  /** Smallest burst with which no more accounts than the target allows are throttled. */
  readonly burst: number
  /** What half of the accounts, 99 % of them, and the busiest one that behaves need. */
  readonly median: number
  readonly p99: number
  readonly highest: number
}

/** What an analysis says about the accounts of one plan. */
export interface PlanResult {
  readonly name: string
  /** How many accounts; `abusive` ones are among them. */
  readonly accounts: number
  readonly requests: number
  readonly limits: readonly RecommendedLimit[]
  /** Accounts that the limits would have throttled, worst first, abusive ones included; a thousand at most. */
  readonly throttled: readonly string[]
  readonly throttledCount: number
  readonly confidence: Confidence
  /** Limits derived from the first two thirds of the time, tried on the last third. */
  readonly heldOut: { readonly accounts: number; readonly throttled: number } | undefined
  readonly envelope: readonly EnvelopePoint[]
}

/** An account that does not behave like the others of its plan, left out of what limits are derived from. */
export interface AbusiveAccount {
  readonly account: string
  readonly plan: string
  readonly requests: number
  readonly reason: string
}

/** A time with far more requests than around it. */
export interface Spike {
  readonly from: string
  readonly to: string
  readonly requests: number
  readonly accounts: number
  readonly topAccount: string
  /** That account's share of the requests. */
  readonly topShare: number
  /** Many accounts that come together are legitimate, however many they are. */
  readonly kind: 'one-account' | 'flash-crowd'
}

/** What a policy would have done to the traffic of the log. Loads are requests a second. */
export interface ReplayResult {
  /** `recommended`, or the policy file. */
  readonly policy: string
  readonly peak_1s_before: number
  readonly peak_1s_after: number
  /** A second on average, in the busiest five seconds. */
  readonly peak_5s_before: number
  readonly peak_5s_after: number
  readonly admitted: number
  readonly rejected: number
  readonly throttledAccounts: number
  /** The longest that a rejected request was told to wait. `null`: it can never pass, because its cost is above a limit. */
  readonly longestWaitSeconds: number | null
  readonly accounts: readonly {
    readonly account: string
    readonly plan: string
    readonly rejected: number
    readonly longestWaitSeconds: number | null
  }[]
  readonly policies: readonly { readonly name: string; readonly rejected: number; readonly wouldThrottle: number }[]
  readonly routes: readonly { readonly route: string; readonly rejected: number }[]
  readonly statuses: readonly { readonly status: number; readonly rejected: number }[]
}

/** What `holdfast analyze --json` writes. Members are added, never renamed. */
export interface Analysis {
  readonly version: 1
  readonly lines: number
  readonly skipped: number
  readonly requests: number
  readonly formats: readonly string[]
  readonly from: string | null
  readonly to: string | null
  readonly accounts: number
  readonly target: number
  /** Requests a second that the server is taken to stand. */
  readonly capacity: { readonly perSecond: number; readonly source: 'given' | 'assumed' }
  readonly plans: readonly PlanResult[]
  readonly abusive: readonly AbusiveAccount[]
  readonly spikes: readonly Spike[]
  readonly replay: ReplayResult
  /** The replay of the recommendation, when `replay` is that of a policy file. */
  readonly recommendedReplay?: ReplayResult
  /** For `defineApi`. */
  readonly policyBlock: string
  readonly warnings: readonly string[]
}
