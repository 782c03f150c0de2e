import { fitsBeside } from './decide.ts'

/** Calls under way in this process, by counter. */
export interface InFlightCalls {
  /** One more, if it fits beside the others. Each must be released once. */
  enter(counter: string, limit: number): boolean
  leave(counter: string): void
  count(counter: string): number
  /** Counters with calls under way. */
  readonly size: number
}

/** Makes an empty count. */
export function createInFlightCalls(): InFlightCalls {
  const counts = new Map<string, number>()
  return {
    enter(counter, limit) {
      const underWay = counts.get(counter) ?? 0
      if (!fitsBeside(underWay, limit)) return false
      counts.set(counter, underWay + 1)
      return true
    },
    leave(counter) {
      const underWay = counts.get(counter) ?? 0
      if (underWay <= 1) counts.delete(counter)
      else counts.set(counter, underWay - 1)
    },
    count: (counter) => counts.get(counter) ?? 0,
    get size() {
      return counts.size
    },
  }
}
