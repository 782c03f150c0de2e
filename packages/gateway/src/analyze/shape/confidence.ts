/** What a sample shows about the share of accounts that a limit throttles wrongly. */
export interface Confidence {
  /** Accounts that behaved, of which some were throttled in the log. */
  readonly accounts: number
  readonly throttled: number
  /** The probability with which `bound` holds. */
  readonly level: number
  /** The share of throttled accounts is below this. 1 when there is nothing to go by. */
  readonly bound: number
  /** The share that was asked for. */
  readonly asked: number
  /** Whether the sample shows what was asked for. */
  readonly shown: boolean
  readonly statement: string
}

const level = 0.95

/**
 * States what a sample shows. With none throttled of `n` the bound is the rule of three, 3/n (Hanley and Lippman-Hand, 1983); with some,
 * the upper limit of Clopper and Pearson in Poisson's approximation, which is above the exact one.
 *
 * @param target share of accounts that must never be throttled, such as 0.999
 */
export function toConfidence(accounts: number, throttled: number, target: number): Confidence {
  const asked = 1 - target
  const bound = accounts === 0 ? 1 : Math.min(1, upperLimit(throttled) / accounts)
  const shown = bound <= asked
  const needed = Math.ceil(3 / asked)
  const found = `${throttled} of ${accounts} accounts throttled in this log`
  const rule = throttled === 0 && accounts > 0 ? ` (rule of three, 3/${accounts})` : ''
  const shows = `with 95 % confidence fewer than ${percent(bound)} of accounts are throttled${rule}`
  const statement = shown
    ? `${found}: ${shows}`
    : `${found}: ${accounts < 3 ? 'too few to say anything' : shows}. This cannot show the ${percent(asked)} that was asked for: that takes ${needed} accounts without a throttled one`
  return { accounts, throttled, level, bound, asked, shown, statement }
}

/** The largest mean for which so few events still have a chance of 5 %. Three for none. */
function upperLimit(events: number): number {
  if (events === 0) return 3
  let low = events
  let high = events * 3 + 10
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2
    if (chanceOfAtMost(events, middle) > 1 - level) low = middle
    else high = middle
  }
  return high
}

function chanceOfAtMost(events: number, mean: number): number {
  let logTerm = -mean
  let sum = Math.exp(logTerm)
  for (let count = 1; count <= events; count++) {
    logTerm += Math.log(mean / count)
    sum += Math.exp(logTerm)
  }
  return sum
}

/** A share as people read it. */
export function percent(share: number): string {
  const value = share * 100
  return `${value >= 10 ? value.toFixed(0) : value >= 0.095 ? Number(value.toPrecision(2)) : Number(value.toPrecision(1))} %`
}
