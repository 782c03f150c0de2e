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
/** Up to more than a second of requests that cost as much as they may. */
const perSecond = Array.from({ length: 16 }, (_, power) => [1, 2, 5].map((digit) => digit * 10 ** power)).flat()
/** Each takes twenty bytes for each account, and seven orders of magnitude are more than lies between any two accounts of a plan. */
const mostRates = 22

/**
 * The rates for which envelopes are computed: numbers that people write into policies, up to the first that the busiest second does not
 * reach, and down to one a minute where that is not too far.
 *
 * @param busiest tokens in the busiest second
 */
export function rateGrid(busiest: number): readonly Rate[] {
  const reached = perSecond.findIndex((rate) => rate >= busiest)
  const seconds = perSecond.slice(0, reached === -1 ? perSecond.length : reached + 1)
  return [...perMinute.map((limit) => toRate(limit, 60)), ...seconds.map((limit) => toRate(limit, 1))].slice(-mostRates)
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
