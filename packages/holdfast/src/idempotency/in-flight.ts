import type { Answer } from './answer.ts'

/** How a run ended, for those who waited for it in the same process. */
export type Settlement =
  | { readonly kind: 'answered'; readonly answer: Answer; readonly fingerprint: string }
  /** Nobody knows what became of an earlier run, and nobody could be found who does. */
  | { readonly kind: 'unknown'; readonly attempt: number; readonly fingerprint: string }
  /** No answer to share: ask the store. */
  | { readonly kind: 'open' }
  | { readonly kind: 'unavailable' }

/** A key that this process is claiming, running, or waiting for on behalf of all its callers. */
export interface Flight {
  readonly fingerprint: string
  /** Whether the store has confirmed that the key belongs to this fingerprint. Until then another one may be the right one. */
  readonly confirmed: boolean
  /** Resolves when the run is confirmed, or ends without having been. */
  readonly confirmation: Promise<void>
  readonly settled: Promise<Settlement>
  confirm(): void
  settle(settlement: Settlement): void
}

/**
 * What runs in this process: repeats wait for one another here, so that a key has at most one claim under way, and a
 * process that shuts down knows when it is done.
 */
export interface InFlight {
  find(id: string): Flight | undefined
  enter(id: string, fingerprint: string): Flight
  leave(id: string): void
  /** Counts one more waiter, or says there are too many. Call the result when done waiting. */
  wait(flight: Flight): (() => void) | undefined
  /** Work that outlives its call, such as recording an answer once the store is back. Drained, too. */
  track(work: Promise<unknown>): void
  readonly draining: boolean
  /** Refuses new claims from now on; resolves when nothing runs any more. */
  drain(): Promise<void>
}

/** Limits on how many calls may wait: each holds a socket and memory. */
export interface InFlightOptions {
  /** @default 64 */
  readonly waitersPerKey?: number
  /** @default 10_000 */
  readonly waitersPerProcess?: number
}

/** Makes an empty register. */
export function createInFlight({ waitersPerKey = 64, waitersPerProcess = 10_000 }: InFlightOptions = {}): InFlight {
  const flights = new Map<string, Flight>()
  const waiters = new Map<Flight, number>()
  const background = new Set<Promise<unknown>>()
  let waiting = 0
  let draining = false
  const idle = Promise.withResolvers<void>()
  const checkIdle = (): void => {
    if (draining && flights.size === 0 && background.size === 0) idle.resolve()
  }
  return {
    find: (id) => flights.get(id),
    enter(id, fingerprint) {
      const flight = new OwnFlight(fingerprint)
      flights.set(id, flight)
      return flight
    },
    leave(id) {
      flights.delete(id)
      checkIdle()
    },
    wait(flight) {
      const before = waiters.get(flight) ?? 0
      if (before >= waitersPerKey || waiting >= waitersPerProcess) return undefined
      waiters.set(flight, before + 1)
      waiting++
      return () => {
        const left = (waiters.get(flight) ?? 1) - 1
        if (left > 0) waiters.set(flight, left)
        else waiters.delete(flight)
        waiting--
      }
    },
    track(work) {
      background.add(work)
      const end = (): void => {
        background.delete(work)
        checkIdle()
      }
      work.then(end, end)
    },
    get draining() {
      return draining
    },
    async drain() {
      draining = true
      checkIdle()
      // Clocks keep no process alive, and a store that is away has no connection that would: an answer on its way there must not be lost by that.
      const alive = setInterval(() => {}, 60_000)
      await idle.promise
      clearInterval(alive)
    },
  }
}

/** Its promises are made only when somebody waits: most keys are claimed once, alone. */
class OwnFlight implements Flight {
  readonly fingerprint: string
  confirmed = false
  #confirmation: PromiseWithResolvers<void> | undefined
  #settled: PromiseWithResolvers<Settlement> | undefined
  #settlement: Settlement | undefined

  constructor(fingerprint: string) {
    this.fingerprint = fingerprint
  }

  get confirmation(): Promise<void> {
    if (this.confirmed || this.#settlement !== undefined) return Promise.resolve()
    this.#confirmation ??= Promise.withResolvers<void>()
    return this.#confirmation.promise
  }

  get settled(): Promise<Settlement> {
    if (this.#settlement !== undefined) return Promise.resolve(this.#settlement)
    this.#settled ??= Promise.withResolvers<Settlement>()
    return this.#settled.promise
  }

  confirm(): void {
    this.confirmed = true
    this.#confirmation?.resolve()
  }

  settle(settlement: Settlement): void {
    this.#settlement = settlement
    this.#confirmation?.resolve()
    this.#settled?.resolve(settlement)
  }
}
