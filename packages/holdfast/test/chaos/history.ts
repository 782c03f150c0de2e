/** One logical call of a caller: repeated under its key until something final is known of it. */
export interface Operation {
  readonly index: number
  readonly key: string
  /** What is sent; an operation that misuses the key of another one sends another amount. */
  readonly cents: number
  /** The first operation of a key owns it; one that sends something else under it misuses it. */
  readonly isMisuse: boolean
}

/** One attempt of an operation, and what came back. */
export interface Attempt {
  readonly operation: number
  readonly attempt: number
  /** Of the moment it was sent and the one it ended, milliseconds by the recorder's monotonic clock. */
  readonly startedAt: number
  readonly endedAt: number
  /** `undefined`: nothing came back, or not all of it. */
  readonly answer:
    | { readonly status: number; readonly essence: string; readonly id: string | undefined; readonly code: string | undefined }
    | undefined
}

/** A transfer that is really there at the end. */
export interface Row {
  readonly id: string
  readonly key: string
  readonly cents: number
}

/** All that was seen from outside: what was asked, what was answered, and what is there. */
export interface History {
  readonly operations: readonly Operation[]
  readonly attempts: readonly Attempt[]
  readonly rows: readonly Row[]
  readonly sumCents: number
  readonly entries: number
  /** When a process or the store was being killed and started again, by the same clock. */
  readonly outages: readonly { readonly from: number; readonly until: number }[]
}
