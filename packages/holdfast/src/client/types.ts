import type { RetryRules, StopReason } from '../retry/index.ts'

/** What `fetch` takes for a body. */
export type BodyValue = NonNullable<RequestInit['body']>

/** What `fetch` takes for header fields. */
export type HeadersInput = NonNullable<RequestInit['headers']>

/** What one call may ask for, as `init.holdfast`. */
export interface CallOptions extends RetryRules {
  /** The idempotency key; `false` sends none. Made by `newKey()` where it must be known before the call. @default made for methods that need one */
  readonly key?: string | false
  /** The time for the whole call with all attempts and waits, milliseconds. @default what createFetch was told */
  readonly deadlineMs?: number
  /** The time for the head of one answer, milliseconds. @default what createFetch was told */
  readonly attemptTimeoutMs?: number
  /** Makes the body anew for each attempt; takes the place of `init.body`. For bodies that are too long to be kept. */
  readonly body?: () => BodyValue
  /**
   * Reads the whole body of the answer before the call ends, at most so many bytes (`true`: 1 MiB), so that a body which breaks off or
   * stalls is a failed attempt like any other. A longer body is handed over as it flows. @default false
   */
  readonly buffer?: boolean | number
}

/** What the second argument of the client's `fetch` may hold. */
export interface FetchInit extends RequestInit {
  readonly holdfast?: CallOptions
}

/** A `fetch`. The platform's own is one. */
export type Fetch = (input: string | URL | Request, init?: FetchInit) => Promise<Response>

/** What became of a call besides its answer. */
export interface Meta {
  /** Requests sent. */
  readonly attempts: number
  /** The idempotency key they all carried. */
  readonly key: string | undefined
  /** Whether the server gave the recorded answer of an earlier attempt. */
  readonly replayed: boolean
  /** Time spent waiting between attempts and for a turn, milliseconds. */
  readonly waitedMs: number
  /** Why there was no further attempt, where the call did not succeed. */
  readonly stop: StopReason | undefined
  /** The origin that answered. */
  readonly endpoint: string | undefined
  /** When the server wants to be asked again, where that was too long to wait. */
  readonly retryAt: Date | undefined
}
