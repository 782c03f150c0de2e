import { perOrigin } from './per-origin.ts'

/** What may be spent on attempts beyond the first, in tokens. First attempts are never asked for any. */
export interface RetryBudget {
  /** Takes tokens; `false` when there are too few, and then takes none. */
  take(cost: number): boolean
  /** Gives tokens back, or earns new ones. */
  put(tokens: number): void
  readonly tokens: number
}

/** A full bucket. Ten retries in a row, then one for every ten calls that succeed: a retry storm never adds more than that to an outage. */
export const budgetCapacity = 100

/** What an attempt beyond the first costs. A refusal was cheap for the server, asking for the answer of one's own call is nearly free. */
export const retryCosts = { 'not-sent': 10, maybe: 10, refused: 5, 'in-progress': 0, hedge: 10 } as const

/** What a call that succeeds at once earns. A retry that succeeds earns what it cost. */
export const successEarns = 1

/** Makes a full budget. */
export function createBudget(capacity: number = budgetCapacity): RetryBudget {
  let tokens = capacity
  return {
    take(cost) {
      if (tokens < cost) return false
      tokens -= cost
      return true
    },
    put(more) {
      tokens = Math.min(capacity, tokens + more)
    },
    get tokens() {
      return tokens
    },
  }
}

/** Never refuses. For tests and for callers that are their own limit; not for anything that faces an outage. */
export const unlimitedBudget: RetryBudget = { take: () => true, put() {}, tokens: Number.POSITIVE_INFINITY }

/** Refuses everything: first attempts only. */
export const emptyBudget: RetryBudget = { take: () => false, put() {}, tokens: 0 }

/** The budget of an origin that all clients of this process share, whichever copy of the package they use. */
export const sharedBudget: (origin: string) => RetryBudget = perOrigin('budgets', () => createBudget())
