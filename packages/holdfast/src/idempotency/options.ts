import type { Call, Clock, Problem, Random, Reply, RequestHead } from '../core/index.ts'
import type { FingerprintOptions } from './fingerprint.ts'
import type { InFlight } from './in-flight.ts'
import type { Guarantee, IdempotencyStore } from './store.ts'

/** What becomes of a key after an answer of some status: the answer is recorded, or the key is free to run again. */
export type Disposition = 'record' | 'release'

/** What `reconcile` is given about a key whose outcome is unknown. */
export interface UnknownOutcome {
  readonly call: Call
  readonly account: string
  readonly key: string
  readonly attempt: number
  /** The derived key the vanished run sent downstream under this label; ask the other system about it. */
  derive(label: string): string
}

/** What one route declares about idempotency keys. */
export interface IdempotencyRules {
  /** What is promised. Refused at start when the store cannot give it. */
  readonly guarantee: Guarantee
  /** Whether a call without a key is refused with `key-missing`. @default 'required' */
  readonly key?: 'required' | 'optional'
  /** What a repeat gets while the first call runs: it waits for the answer, or gets `in-progress` at once. @default 'join' */
  readonly whileRunning?: 'join' | 'conflict'
  /** How long a repeat waits, milliseconds. @default 10_000 */
  readonly joinTimeoutMs?: number
  /** How long a run may go without a sign of life. Heartbeats come every third of it. Not used by `exactly-once`, which needs no lease. @default 30_000 */
  readonly leaseMs?: number
  /** How long answers are remembered, from completion. @default 86_400_000 (24 h) */
  readonly retentionMs?: number
  /** Whether a key belongs to the account, so that using it on another route is `key-reused`, or to one route. @default 'account' */
  readonly keyScope?: 'account' | 'endpoint'
  /** What makes two calls the same one. */
  readonly fingerprint?: FingerprintOptions
  /** The longest body accepted, bytes; a longer one is refused with `body-too-large`. @default 1_048_576 */
  readonly maxBodyBytes?: number
  /** The longest answer kept, bytes; a repeat of a call with a longer one gets `not-replayable`. @default 1_048_576 */
  readonly maxAnswerBytes?: number
  /** Overrides what becomes of the key, by status. */
  readonly statuses?: Readonly<Record<number, Disposition>>
  /** Asks what became of a run that vanished: its answer, `'no-effect'`, or `undefined` when nobody knows. Does not apply to `exactly-once`. */
  readonly reconcile?: (outcome: UnknownOutcome) => Promise<Reply | 'no-effect' | undefined>
  /** Says the handler calls `idempotencyOf(call).begin()` before its first effect: a throw before that releases the key. @default false */
  readonly effectsAfterBegin?: boolean
  /** Runs calls unprotected while the store is down, instead of 503. Never with `exactly-once`. Each such call is published as `unprotected`. @default false */
  readonly failOpen?: boolean
}

/** Everything the policy needs. */
export interface IdempotencyOptions extends IdempotencyRules {
  readonly store: IdempotencyStore
  /** Whose key it is. Not needed where an account step ran before. Never derive it from a token that may be rotated. */
  readonly account?: (head: RequestHead) => string | undefined | Promise<string | undefined>
  /** Seals ids and answers; required for a store that outlives the process. At least 16 characters, the same in all processes, for ever. */
  readonly secret?: string | Uint8Array | undefined
  /** Separates APIs that share a store. @default 'api' */
  readonly namespace?: string
  /** Methods whose keys count; GET, HEAD and OPTIONS never do. @default ['POST', 'PATCH'] */
  readonly methods?: readonly string[]
  /** Header fields a key may come in. @default ['idempotency-key'] */
  readonly headerNames?: readonly string[]
  /** How long one operation of the store may take, milliseconds; after that the call gets 503. @default 2_000 */
  readonly storeTimeoutMs?: number
  /** How long an unknown outcome is remembered; at least 30 days, and never shorter than answers of the same route. @default 2_592_000_000 */
  readonly unknownRetentionMs?: number
  /** The most live keys an account may have; more get `too-many-keys`. @default unlimited */
  readonly keysPerAccount?: number
  readonly clock?: Clock
  readonly random?: Random
  /** Makes the owner of an execution, which no other process may ever name again. @default a UUID of the process and a count */
  readonly newOwner?: () => string
  readonly problem?: Problem
  /** Shared by the policies of one API, so that all of them know what runs in this process. */
  readonly inFlight?: InFlight
}
