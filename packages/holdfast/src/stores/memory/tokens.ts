import type { Clock } from '../../core/index.ts'

/** Tokens of settlements that were applied. */
export interface Tokens {
  /** `false`: it was here already. */
  add(token: string): boolean
}

/** What the port promises, and no more than that many by each generation. */
const keptMs = 60_000
const mostKept = 100_000

/** Remembers tokens for one minute to two, in two generations, so that none has a timer. */
export function createTokens(clock: Clock): Tokens {
  let young = new Set<string>()
  let old = new Set<string>()
  let turnedAt = clock.now()
  return {
    add(token) {
      const now = clock.now()
      if (now - turnedAt >= keptMs || young.size >= mostKept) {
        old = now - turnedAt >= 2 * keptMs ? new Set() : young
        young = new Set()
        turnedAt = now
      }
      if (young.has(token) || old.has(token)) return false
      young.add(token)
      return true
    },
  }
}
