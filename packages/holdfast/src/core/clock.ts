/** Undoes a scheduled action; harmless when it already ran. */
export type Cancel = () => void

/** Time as a parameter, so that the whole product runs in virtual time under a seed. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number
  /** Runs an action once, `delayMs` milliseconds from now. */
  after(delayMs: number, action: () => void): Cancel
  /** Milliseconds from some origin that never jump, for measuring how long something takes. Without it `now` is used. */
  monotonic?(): number
}

/** Milliseconds on a clock that a correction of the wall clock does not move. Only differences mean something. */
export function monotonic(clock: Clock): number {
  return clock.monotonic?.() ?? clock.now()
}

/** Chance as a parameter: a number in [0, 1), like `Math.random`. */
export type Random = () => number

/** `setTimeout` runs longer delays at once (its delay is a 32-bit integer); 24 days is as good as never. */
export const longestDelayMs = 2_147_483_647

/** The machine's own clock. Its timers never keep a process alive. */
export const systemClock: Clock = {
  now: () => Date.now(),
  after: (delayMs, action) => {
    const timer = setTimeout(action, Math.min(delayMs, longestDelayMs))
    timer.unref()
    return () => clearTimeout(timer)
  },
  monotonic: () => performance.now(),
}

/** The machine's own clock for callers: a wait keeps the process alive, since somebody waits for what comes after it. Needs nothing of Node. */
export const waitingClock: Clock = {
  now: () => Date.now(),
  after: (delayMs, action) => {
    const timer = setTimeout(action, Math.min(delayMs, longestDelayMs))
    return () => clearTimeout(timer)
  },
  monotonic: () => performance.now(),
}

/**
 * Waits on a clock; rejects with the signal's reason when it aborts first.
 *
 * @example
 * await sleep(systemClock, 250, call.signal)
 */
export function sleep(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason as Error)
    const onAbort = (): void => {
      cancel()
      reject(signal?.reason as Error)
    }
    const cancel = clock.after(delayMs, () => {
      signal?.removeEventListener('abort', onAbort)
      resolve()
    })
    signal?.addEventListener('abort', onAbort, { once: true })
  })
}

/**
 * Settles as the promise does, or rejects with `onTimeout()` after `timeoutMs`. The work itself is not stopped: what it
 * does later is the caller's to expect.
 */
export function withTimeout<T>(clock: Clock, timeoutMs: number, work: Promise<T>, onTimeout: () => Error): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(timeoutMs, () => reject(onTimeout()))
    work.then(
      (value) => {
        cancel()
        resolve(value)
      },
      (error: unknown) => {
        cancel()
        reject(error as Error)
      },
    )
  })
}
