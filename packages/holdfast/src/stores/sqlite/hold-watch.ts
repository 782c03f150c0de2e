/** Notices a body that never gives the writer back. */
export interface HoldWatch {
  /** Resolves to `false` when `ended` resolves, or to `true` when that takes longer than the limit. One at a time. */
  race(ended: Promise<void>): Promise<boolean>
}

/** One timer serves all bodies in turn: making one for each would cost more than a short body's statements. */
export function createHoldWatch(limitMs: number): HoldWatch {
  let startedAt = 0
  let expire: (() => void) | undefined
  let isArmed = false

  function arm(delayMs: number): void {
    isArmed = true
    setTimeout(check, delayMs).unref()
  }

  function check(): void {
    isArmed = false
    if (expire === undefined) return
    const leftMs = startedAt + limitMs - performance.now()
    if (leftMs > 0) arm(leftMs)
    else expire()
  }

  return {
    race(ended) {
      startedAt = performance.now()
      if (!isArmed) arm(limitMs)
      return new Promise((resolve) => {
        expire = () => resolve(true)
        void ended.then(() => {
          expire = undefined
          resolve(false)
        })
      })
    },
  }
}
