/** What one limiter did under one attack. */
export interface Finding {
  readonly attack: string
  readonly limiter: string
  /** What it says of itself, or where it says nothing, what its limit means. */
  readonly bound: string
  readonly seen: string
  /** Whether it stays within it; `undefined` where it cannot play. */
  readonly isKept: boolean | undefined
}
