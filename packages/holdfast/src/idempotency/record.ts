/** Where a key stands. A key that was never seen, or whose record expired and was collected, has no record. */
export type KeyState =
  /** Somebody runs the call and holds the lease. */
  | 'running'
  /** The answer is recorded; every repeat gets it. */
  | 'done'
  /** Known to have had no effect: the next call with the same fingerprint runs. */
  | 'released'
  /** The runner vanished; nobody knows whether the call took effect. */
  | 'unknown'

/** What is stored under a key. Stores keep `answer` and `progress` as they are given: sealed bytes they cannot read. */
export interface KeyRecord {
  /** Names the key within its scope; never the key itself. */
  readonly id: string
  /** The account, hashed: what `too-many-keys` counts by. */
  readonly scope: string
  /** Which call the key belongs to. Compared in every state before anything else. */
  readonly fingerprint: string
  readonly state: KeyState
  /** Who runs, or ran, the call: compared for equality only. */
  readonly owner: string
  /** Which execution this is, from 1; grows with every takeover, offered to downstream systems as a fencing token. */
  readonly attempt: number
  /** End of the lease, milliseconds by the store's clock; set while running. */
  readonly leaseUntil: number | undefined
  /** Results of the steps finished so far, for a resumable handler. */
  readonly progress: Uint8Array | undefined
  readonly answer: Uint8Array | undefined
  /** Milliseconds by the store's clock. */
  readonly createdAt: number
  readonly completedAt: number | undefined
  /** After this a `done` or `released` record counts as absent, and an `unknown` one may be collected. A running record never expires. */
  readonly expiresAt: number | undefined
}

/** What becomes of a running key whose lease is over. */
export type OrphanPolicy =
  /** Nobody may run it again: the key becomes `unknown`. */
  | 'unknown'
  /** The next call takes over and runs. */
  | 'rerun'

/** Asks for the right to run a call. Made by the caller whole, so that sending it twice is harmless. */
export interface Claim {
  readonly id: string
  readonly scope: string
  readonly fingerprint: string
  /** New for each execution; 16 random bytes as text. */
  readonly owner: string
  readonly leaseMs: number
  readonly onOrphan: OrphanPolicy
  /** How long an `unknown` record is kept, at least 30 days. */
  readonly unknownRetentionMs: number
  /** When the key says it was made (UUIDv7 or a first-sent header), milliseconds since the epoch. */
  readonly mintedAt?: number | undefined
  /** How long this route remembers keys. A key minted longer ago than this is never executed. */
  readonly retentionMs: number
  /** The most records an account may have; absent means no limit. Only a claim that would make a new record is refused. */
  readonly quota?: number | undefined
}

/** What a claim learned. */
export type ClaimVerdict =
  | { readonly kind: 'acquired'; readonly attempt: number; readonly progress: Uint8Array | undefined }
  | { readonly kind: 'done'; readonly answer: Uint8Array; readonly attempt: number }
  | { readonly kind: 'running'; readonly attempt: number; readonly leaseLeftMs: number }
  | { readonly kind: 'unknown'; readonly attempt: number }
  /** Another call owns the key. */
  | { readonly kind: 'mismatch' }
  /** The key is older than the retention and no record of it is left. */
  | { readonly kind: 'expired' }
  | { readonly kind: 'quota' }

/** Records the answer of a call. */
export interface Completion {
  readonly id: string
  readonly owner: string
  readonly answer: Uint8Array
  readonly retentionMs: number
}

/** What a completion came to: `already` is a repeat by the same owner; `fenced` means somebody else owns the key now. */
export type CompleteVerdict = 'recorded' | 'already' | 'fenced'

/** What is known of a key without claiming it. */
export interface KeySnapshot {
  readonly state: KeyState
  readonly attempt: number
  /** Milliseconds since the record was made, by the store's clock. */
  readonly ageMs: number
  /** Milliseconds until the record expires; `undefined` while running. */
  readonly expiresInMs: number | undefined
  /** Milliseconds left of the lease while running; negative when it is over, `undefined` for a transaction, which has none. */
  readonly leaseLeftMs: number | undefined
  readonly answer: Uint8Array | undefined
}

/** Settles an `unknown` key: with an answer it becomes `done`, without one it is released, so that a retry runs. */
export interface Resolution {
  readonly id: string
  /** A new owner, so that the vanished runner is fenced should it come back. */
  readonly owner: string
  readonly answer: Uint8Array | undefined
  readonly retentionMs: number
}
