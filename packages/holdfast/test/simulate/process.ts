import type { Clock } from '../../src/core/index.ts'
import type { VirtualTime } from './time.ts'

/** A simulated process: it can be killed, and it can be stopped and go on later, at any point where it waits. */
export interface Process {
  readonly name: string
  /** Its own clock: off by some skew, silent once it is dead, late while it is stopped. */
  readonly clock: Clock
  readonly isAlive: boolean
  /** Runs something inside the process: at once, when it goes on, or never. */
  deliver(action: () => void): void
  kill(): void
  /** Runs something at the moment of death. */
  onDeath(action: () => void): void
  stop(): void
  resume(): void
}

/** Starts a process whose clock is `skewMs` away from true time. */
export function startProcess(name: string, time: VirtualTime, skewMs: number): Process {
  let isAlive = true
  let stopped = false
  let backlog: (() => void)[] = []
  const mourners = new Set<() => void>()
  const deliver = (action: () => void): void => {
    if (!isAlive) return
    if (stopped) backlog.push(action)
    else action()
  }
  return {
    name,
    clock: { now: () => time.now() + skewMs, after: (delayMs, action) => time.after(delayMs, () => deliver(action)) },
    get isAlive() {
      return isAlive
    },
    deliver,
    kill() {
      if (!isAlive) return
      isAlive = false
      backlog = []
      for (const mourner of mourners) mourner()
      mourners.clear()
    },
    onDeath: (action) => void mourners.add(action),
    stop() {
      stopped = true
    },
    resume() {
      stopped = false
      const waiting = backlog
      backlog = []
      // One after the other, so that each comes to rest before the next.
      for (const [index, action] of waiting.entries()) time.after(index / 1_000, () => deliver(action))
    },
  }
}
