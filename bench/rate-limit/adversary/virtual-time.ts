/** Time that only goes by when it is told to. */
export interface VirtualTime {
  readonly now: number
  /** Goes to an instant, and runs the timers that are due on the way. */
  goTo(at: number): void
}

interface Timer {
  at: number
  readonly everyMs: number | undefined
  readonly run: () => void
}

/** What Node waits for at most; it makes one millisecond of anything longer. */
const longestDelay = 2 ** 31 - 1
/** Of an interval that is due a billion times on the way, so many runs tell what the others would do. */
const mostRuns = 1_000

/**
 * Gives everything in this process a clock of its own while `body` runs, as no limiter but Holdfast lets one do for it. With `timers` also
 * theirs, which behave as Node's, down to what becomes of long delays.
 */
export async function inVirtualTime<T>(
  start: number,
  { timers }: { timers: boolean },
  body: (time: VirtualTime) => Promise<T> | T,
): Promise<T> {
  const real = { Date, setTimeout, setInterval, clearTimeout, clearInterval }
  const due = new Set<Timer>()
  let now = start

  class VirtualDate extends real.Date {
    constructor(...args: []) {
      super(...((args.length === 0 ? [now] : args) as []))
    }
    static override now(): number {
      return now
    }
  }

  function add(run: (...args: unknown[]) => void, delayMs: number, repeats: boolean, args: unknown[]): object {
    const delay = delayMs >= 1 && delayMs <= longestDelay ? delayMs : 1
    const timer: Timer = { at: now + delay, everyMs: repeats ? delay : undefined, run: () => run(...args) }
    due.add(timer)
    return Object.assign(timer, { unref: () => timer, ref: () => timer, hasRef: () => false })
  }

  function goTo(at: number): void {
    for (let runs = 0; runs < mostRuns; runs++) {
      const next = [...due].filter((timer) => timer.at <= at).toSorted((a, b) => a.at - b.at)[0]
      if (next === undefined) break
      now = Math.max(now, next.at)
      if (next.everyMs === undefined) due.delete(next)
      else next.at += next.everyMs
      next.run()
    }
    now = at
    for (const timer of due) if (timer.at <= at && timer.everyMs !== undefined) timer.at = at + timer.everyMs
  }

  const clear = (timer: unknown): void => void due.delete(timer as Timer)
  Object.assign(globalThis, { Date: VirtualDate })
  if (timers)
    Object.assign(globalThis, {
      setTimeout: (run: () => void, ms = 1, ...args: unknown[]) => add(run, ms, false, args),
      setInterval: (run: () => void, ms = 1, ...args: unknown[]) => add(run, ms, true, args),
      clearTimeout: clear,
      clearInterval: clear,
    })
  try {
    return await body({
      get now() {
        return now
      },
      goTo,
    })
  } finally {
    Object.assign(globalThis, real)
  }
}
