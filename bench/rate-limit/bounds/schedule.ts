/** One call of a schedule. */
export interface Arrival {
  readonly waitMs: number
  readonly cost: number
}

/** A call that was let through. */
export interface Admitted {
  readonly at: number
  readonly cost: number
}

const waits = [0, 40, 2_000, 90_000] as const

/** Random arrivals: bursts, crawls and hammering, with costs among them that are high, or nothing. */
export function randomSchedule(random: () => number): Arrival[] {
  const length = 20 + Math.floor(random() * 61)
  const longest = waits[1 + Math.floor(random() * 3)] as number
  const arrivals: Arrival[] = []
  for (let index = 0; index < length; index++) {
    const waitMs = random() < 0.5 ? 0 : 1 + Math.floor(random() * (random() < 0.7 ? longest : 90_000))
    arrivals.push({ waitMs, cost: random() < 0.8 ? 1 : Math.floor(random() * 26) })
  }
  return arrivals
}

/** By how much a bound was missed at the least, over all intervals that begin and end with a call that was let through; below 0 it was exceeded. */
export function marginOfIntervals(admitted: readonly Admitted[], boundOf: (ms: number) => number): number {
  let least = Number.POSITIVE_INFINITY
  for (let first = 0; first < admitted.length; first++) {
    const from = (admitted[first] as Admitted).at
    let sum = 0
    for (let last = first; last < admitted.length; last++) {
      const { at, cost } = admitted[last] as Admitted
      sum += cost
      const margin = boundOf(at - from) - sum
      if (margin < least) least = margin
    }
  }
  return least
}

/** The most that was let through in any window of some length, wherever it begins. */
export function inWorstWindow(admitted: readonly Admitted[], windowMs: number): number {
  let most = 0
  let sum = 0
  let first = 0
  for (const { at, cost } of admitted) {
    sum += cost
    while ((admitted[first] as Admitted).at <= at - windowMs) sum -= (admitted[first++] as Admitted).cost
    if (sum > most) most = sum
  }
  return most
}
