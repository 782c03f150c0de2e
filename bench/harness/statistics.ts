/** What several rounds measured: the middle one and how far they reach. */
export interface Spread {
  readonly median: number
  readonly min: number
  readonly max: number
}

export function spreadOf(values: readonly number[]): Spread {
  if (values.length === 0) throw new Error('no rounds were measured')
  const sorted = values.toSorted((a, b) => a - b)
  return { median: quantile(sorted, 0.5), min: sorted[0] as number, max: sorted.at(-1) as number }
}

/** By linear interpolation between the two nearest of the sorted values. */
export function quantile(sorted: readonly number[], share: number): number {
  const position = (sorted.length - 1) * share
  const below = sorted[Math.floor(position)] as number
  const above = sorted[Math.ceil(position)] as number
  return below + (above - below) * (position - Math.floor(position))
}

/** Round by round, so that a busy moment of the machine, which both rounds share, cancels out. */
export function ratios(dividends: readonly number[], divisors: readonly number[]): number[] {
  return dividends.map((value, round) => value / (divisors[round] as number))
}
