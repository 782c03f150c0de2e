/** Where an entry stands. */
export type EntryState =
  /** To be sent, at once or when its wait is over. */
  | 'pending'
  /** Somebody sends it, under a lease. When that ends without an outcome, the next one sends it again under the same key. */
  | 'sending'
  /** Carried out. */
  | 'done'
  /** Refused for good. Kept until `forget` or `retry`. */
  | 'dead'
  /** Sent, and nobody can say any more whether it was carried out. Kept until somebody has looked. */
  | 'unknown'

/** What came of an entry. */
export interface EntryResult {
  readonly status?: number
  /** `code` of the answer's problem. */
  readonly code?: string | undefined
  readonly location?: string | undefined
  readonly replayed?: boolean | undefined
  /** What went wrong, when there was no answer. Never a driver's or server's text. */
  readonly error?: string
}

/** One request, and how far it has got. */
export interface Entry {
  /** The caller's name for what it wants done: the same intent is never sent as two requests. */
  readonly id: string
  /** Entries of one lane are sent in order, one after the other. `undefined`: in no order. */
  readonly lane: string | undefined
  /** Order of arrival. */
  readonly seq: number
  /** The idempotency key of every send, until the outcome is known. */
  readonly key: string
  /** Which request it is: tells an intent that is repeated from one that is used for something else. */
  readonly fingerprint: string
  readonly method: string
  readonly url: string
  /** Without credentials, which are added when it is sent. */
  readonly headers: readonly (readonly [string, string])[]
  readonly body: Uint8Array | undefined
  readonly state: EntryState
  /** How often it was sent, or about to be. */
  readonly attempts: number
  /** Not before this, milliseconds by the store's clock; while pending. */
  readonly dueAt: number
  readonly owner: string | undefined
  readonly leaseUntil: number | undefined
  readonly firstSentAt: number | undefined
  readonly createdAt: number
  readonly settledAt: number | undefined
  readonly result: EntryResult | undefined
}

/** An entry to be added. */
export type NewEntry = Pick<Entry, 'id' | 'lane' | 'key' | 'fingerprint' | 'method' | 'url' | 'headers' | 'body'>
