/** A rate of the grid, as a policy would state it, and in the integers of the limiter. */
export interface Rate {
  readonly limit: number
  readonly windowSeconds: number
  readonly perSecond: number
  /** Units that drain in a millisecond. */
  readonly drain: number
  /** Units that one token weighs. */
  readonly weight: number
}

const perMinute = [1, 2, 5, 10, 20, 30]
const perSecond = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000]

/**
 * The rates for which envelopes are computed: numbers that people write into policies, from one a minute up to the first that the busiest
 * second does not reach.
 *
 * @param busiest requests in the busiest second
 */
export function rateGrid(busiest: number): readonly Rate[] {
  const reached = perSecond.findIndex((rate) => rate >= busiest)
  const seconds = reached === -1 ? perSecond : perSecond.slice(0, reached + 1)
  return [...perMinute.map((limit) => toRate(limit, 60)), ...seconds.map((limit) => toRate(limit, 1))]
}

/** A rate in the integers of the limiter, as short as they get. */
export function toRate(limit: number, windowSeconds: number): Rate {
  const windowMs = windowSeconds * 1000
  const divisor = greatestCommonDivisor(limit, windowMs)
  return { limit, windowSeconds, perSecond: limit / windowSeconds, drain: limit / divisor, weight: windowMs / divisor }
}

function greatestCommonDivisor(left: number, right: number): number {
  return right === 0 ? left : greatestCommonDivisor(right, left % right)
}
