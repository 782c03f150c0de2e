/** What one process of the part `memory` is to hold. */
export interface MemorySpec {
  readonly limiter: string
  /** Keys that are in use before anything is measured. */
  readonly keys: number
  /** How many it may hold; `undefined` leaves it to the limiter. */
  readonly mostKeys: number | undefined
  /** Takes of one measurement. */
  readonly takes: number
}

/** What holding the keys cost. */
export interface Held {
  readonly heapBytesPerKey: number
  readonly rssBytesPerKey: number
}

/** What a flood of a million new keys did. */
export interface Flooded {
  readonly nsBefore: number
  readonly nsDuring: number
  readonly heapMiB: number
  readonly rssMiB: number
  /** Whether a caller that had used its limit up is still refused. */
  readonly isStillExhausted: boolean
}
