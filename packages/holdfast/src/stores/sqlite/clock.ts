import type { Clock } from '../../core/index.ts'

/** The time by which leases and expiries are judged: one timeline for all processes that share the file. */
export interface StoreClock {
  /** Whole milliseconds since the epoch; never less than an earlier answer of any process since the machine started. */
  now(): number
  /** Takes over what other processes agreed on. */
  adopt(offset: number): void
  /** An offset other processes should know, or `undefined` when they know enough. */
  readonly unshared: number | undefined
}

// Far below any lease, far above what disciplining the clock shifts in a day: rises of this size mean the host clock was set.
const shareAfterMs = 50

/**
 * The host's wall clock, kept from going back. Processes on one machine share its monotonic clock, so `monotonic + offset` is one
 * timeline for all of them; the offset lies in the file and only ever rises, whenever the wall clock is ahead. A wall clock that is
 * set back therefore neither ends a lease early nor stops time, and one that was set forward is believed: time never falls behind the
 * wall clock, by which keys say when they were minted. A restart of the machine starts the timeline at the wall clock again.
 */
export function createStoreClock(wall: () => number = Date.now, monotonic: () => number = machineUptimeMs): StoreClock {
  let offset = Number.NEGATIVE_INFINITY
  let shared = Number.NEGATIVE_INFINITY
  return {
    now() {
      const elapsed = monotonic()
      const ahead = wall() - elapsed
      if (ahead > offset) offset = ahead
      return Math.floor(elapsed + offset)
    },
    adopt(known) {
      shared = known
      if (known > offset) offset = known
    },
    get unshared() {
      return offset - shared > shareAfterMs ? offset : undefined
    },
  }
}

/** A clock given by the user is the store's time as it stands. */
export function fromClock(clock: Clock): StoreClock {
  return { now: () => clock.now(), adopt: () => {}, unshared: undefined }
}

// process.hrtime counts from one point for all processes of the machine; performance.now() from the start of each process.
function machineUptimeMs(): number {
  const [seconds, nanoseconds] = process.hrtime()
  return seconds * 1000 + nanoseconds / 1e6
}
