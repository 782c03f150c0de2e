import type { Rate } from './rates.ts'

/**
 * For every account and rate the smallest burst with which a bucket of that rate refuses nothing: the envelope of Cruz, "A calculus for
 * network delay" (1991). Computed in one pass, in the integers of the limiter, so that it is exact for the limiter.
 */
export interface Envelopes {
  readonly rates: readonly Rate[]
  /** Requests must come in the order of time. */
  add(account: number, at: number, cost: number): void
  /** What comes now belongs to the second part: it is held out from `ofFirstPart`. */
  beginSecondPart(): void
  /** The burst an account needs; 0 when it sent nothing. */
  burst(account: number, rate: number): number
  /** The same, of the requests before `beginSecondPart` alone. */
  burstOfFirstPart(account: number, rate: number): number
  burstOfSecondPart(account: number, rate: number): number
  /** Gives the memory back at once, since it is most of what an analysis takes. Nothing can be asked afterwards. */
  close(): void
}

/** @param accounts how many numbers accounts can have */
export function createEnvelopes(rates: readonly Rate[], accounts: number): Envelopes {
  const width = rates.length
  const drains = Float64Array.from(rates, ({ drain }) => drain)
  const weights = Float64Array.from(rates, ({ weight }) => weight)
  const level = new Float64Array(accounts * width)
  const highest = new Float64Array(accounts * width)
  const lastAt = new Float64Array(accounts)
  let first: Float64Array<ArrayBuffer> | Uint32Array<ArrayBuffer> | undefined
  let total = 0

  const inTokens = (index: number): number => Math.ceil((highest[index] as number) / (weights[index % width] as number))

  return {
    rates,
    add(account, at, cost) {
      total += cost
      const elapsed = Math.max(0, at - (lastAt[account] as number))
      lastAt[account] = at
      const base = account * width
      for (let rate = 0; rate < width; rate++) {
        const drained = (level[base + rate] as number) - elapsed * (drains[rate] as number)
        const raised = (drained > 0 ? drained : 0) + cost * (weights[rate] as number)
        level[base + rate] = raised
        if (raised > (highest[base + rate] as number)) highest[base + rate] = raised
      }
    },
    beginSecondPart() {
      // No burst is larger than all that was sent. Most logs need half of the memory.
      first = total > 0xffff_ffff ? new Float64Array(highest.length) : new Uint32Array(highest.length)
      for (let index = 0; index < highest.length; index++) first[index] = inTokens(index)
      highest.fill(0)
    },
    burst: (account, rate) => Math.max(first?.[account * width + rate] ?? 0, inTokens(account * width + rate)),
    burstOfFirstPart: (account, rate) => first?.[account * width + rate] ?? 0,
    burstOfSecondPart: (account, rate) => (first === undefined ? 0 : inTokens(account * width + rate)),
    close() {
      for (const values of [level, highest, lastAt, first]) values?.buffer.transfer(0)
    },
  }
}
