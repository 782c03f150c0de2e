/** An account whose bursts do not belong to those of the others. */
export interface Outlier {
  readonly account: number
  /** The burst it needs at the rate at which it stands out most, and that of the busiest account that does not stand out. */
  readonly burst: number
  readonly usual: number
  /** Index of that rate. */
  readonly rate: number
}

const gap = 2.5
const topShare = 0.02
/** Below this many requests nothing is a flood, however calm the others are. */
const leastRequests = 20

/**
 * The accounts above the lowest gap in the highest bursts: the sorted bursts of accounts that behave thin out gradually, and whoever is more
 * than two and a half times above the next one is not one of them. It must show at two neighbouring rates, within the top two per cent.
 *
 * @param burst what an account needs at a rate
 * @param meanCost tokens of a request
 */
export function findOutliers(
  accounts: readonly number[],
  rates: number,
  burst: (account: number, rate: number) => number,
  meanCost: number = 1,
): readonly Outlier[] {
  const least = leastRequests * meanCost
  const perRate = Array.from({ length: rates }, (_, rate) => aboveGap(accounts, (account) => burst(account, rate), least))
  const found = new Map<number, Outlier>()
  for (let rate = 0; rate + 1 < rates; rate++) {
    const here = perRate[rate] as Above
    const next = perRate[rate + 1] as Above
    for (const account of here.accounts) {
      if (!next.accounts.has(account)) continue
      for (const [at, { usual }] of [
        [rate, here],
        [rate + 1, next],
      ] as const) {
        const candidate: Outlier = { account, burst: burst(account, at), usual, rate: at }
        const known = found.get(account)
        if (known === undefined || candidate.burst / candidate.usual > known.burst / known.usual) found.set(account, candidate)
      }
    }
  }
  return [...found.values()].toSorted((left, right) => right.burst - left.burst)
}

interface Above {
  readonly accounts: ReadonlySet<number>
  readonly usual: number
}

function aboveGap(accounts: readonly number[], burst: (account: number) => number, least: number): Above {
  const top = Math.max(3, Math.ceil(accounts.length * topShare))
  const highest = largest(accounts, burst, top + 1)
  // From below: of two floods of different size both stand above the gap.
  for (let index = Math.min(top, highest.length - 1) - 1; index >= 0; index--) {
    const above = highest[index] as Ranked
    const below = highest[index + 1] as Ranked
    if (above.burst > gap * below.burst && above.burst >= least)
      return { accounts: new Set(highest.slice(0, index + 1).map(({ account }) => account)), usual: below.burst }
  }
  return { accounts: new Set(), usual: 0 }
}

interface Ranked {
  readonly account: number
  readonly burst: number
}

/** Sorting numbers alone first: a log has hundreds of thousands of accounts, of which a few matter. */
function largest(accounts: readonly number[], burst: (account: number) => number, count: number): readonly Ranked[] {
  const bursts = Float64Array.from(accounts, burst)
  const threshold = bursts.slice().sort()[Math.max(0, bursts.length - count)] ?? 0
  const ranked: Ranked[] = []
  for (let index = 0; index < bursts.length; index++) {
    const value = bursts[index] as number
    // Of many that are equal to the threshold, those above it are wanted for sure, and enough of the others are found.
    if (value > threshold || (value === threshold && ranked.length < 2 * count))
      ranked.push({ account: accounts[index] as number, burst: value })
  }
  return ranked.toSorted((left, right) => right.burst - left.burst).slice(0, count)
}
