/** One call that waits for its turn. */
export interface Waiter {
  readonly arrivedAt: number
  /** Its turn has come. */
  readonly admit: () => void
  /** It has waited long enough. */
  readonly refuse: () => void
}

/** Calls that wait for a moment, the oldest first. */
export interface WaitingLine {
  readonly length: number
  join(waiter: Waiter): void
  /** Takes a waiter out who left by itself; by identity, since others may have left before it. */
  leave(waiter: Waiter): void
  /** Gives the oldest its turn. Where waits have been long for long, some of the oldest are refused first: a queue that never empties only adds latency (CoDel, RFC 8289). */
  next(now: number, mayRefuse: boolean): void
}

/** A wait that is shorter than this at times is a burst; one that never is, is a queue that stands. */
const targetMs = 20
const intervalMs = 100

/** Makes an empty line. */
export function createWaitingLine(): WaitingLine {
  const waiters = new Set<Waiter>()
  let lateSince: number | undefined
  let dropAt = Number.POSITIVE_INFINITY
  let drops = 0

  function oldest(): Waiter | undefined {
    const [first] = waiters
    return first
  }

  function isLate(waiter: Waiter, now: number): boolean {
    if (now - waiter.arrivedAt < targetMs) {
      lateSince = undefined
      dropAt = Number.POSITIVE_INFINITY
      drops = 0
      return false
    }
    lateSince ??= now
    if (dropAt === Number.POSITIVE_INFINITY) dropAt = lateSince + intervalMs
    if (now < dropAt) return false
    drops += 1
    dropAt = now + intervalMs / Math.sqrt(drops)
    return true
  }

  return {
    get length() {
      return waiters.size
    },
    join: (waiter) => void waiters.add(waiter),
    leave: (waiter) => void waiters.delete(waiter),
    next(now, mayRefuse) {
      for (let waiter = oldest(); waiter !== undefined; waiter = oldest()) {
        waiters.delete(waiter)
        // The last one is never refused here: a place is free, and nobody else wants it.
        if (mayRefuse && waiters.size > 0 && isLate(waiter, now)) {
          waiter.refuse()
          continue
        }
        waiter.admit()
        return
      }
    },
  }
}
