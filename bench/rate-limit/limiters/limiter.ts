/** What is compared: something that admits or refuses. */
export interface Limiter {
  /** @param cost @default 1 */
  take(key: string, cost?: number): boolean | Promise<boolean>
  stop?(): unknown
}

/** `limit` calls in `windowMs`, however a limiter understands that. */
export interface LimitSpec {
  readonly limit: number
  readonly windowMs: number
  /** What may come at once, of those that know such a thing. @default their own */
  readonly burst?: number
  /** How many keys are kept at most, of those that have such a bound. @default their own */
  readonly mostKeys?: number
}
