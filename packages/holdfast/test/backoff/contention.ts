import type { Random } from '../../src/core/index.ts'
import { conflictCeiling } from '../../src/client/update/decide.ts'
import { fullJitter } from '../../src/retry/backoff.ts'
import { eventQueue } from './event-queue.ts'

/** How long to wait after the n-th conflict, from 1; `last` is the wait before. */
export type Wait = (conflicts: number, random: Random, last: number) => number

/** What a run came to: when the last client was done, and how many writes it took. */
export interface Contention {
  readonly timeMs: number
  readonly calls: number
}

// What the simulator of AWS was run with.
const pace = { baseMs: 5, capMs: 2_000 }
/** The range doubles from twice the base on, by the rule that `update()` decides by. */
const ceiling = (conflicts: number): number => conflictCeiling(pace, conflicts, 0)

/** The shapes the reference has; `full` is the one we ship. */
export const shapes: Readonly<Record<string, Wait>> = {
  None: () => 0,
  Exponential: (conflicts) => ceiling(conflicts),
  EqualJitter: (conflicts, random) => ceiling(conflicts) / 2 + (random() * ceiling(conflicts)) / 2,
  Decorr: (_conflicts, random, last) => Math.min(pace.capMs, pace.baseMs + random() * (Math.max(last, pace.baseMs) * 3 - pace.baseMs)),
  FullJitter: (conflicts, random) => fullJitter({ baseMs: 2 * pace.baseMs, capMs: pace.capMs }, conflicts, random),
}

/** One message on its way: |N(10, 2)| milliseconds. */
export function hop(random: Random): number {
  const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
  return Math.abs(10 + 2 * normal)
}

/**
 * Clients that each change one row once, all at the same time, on condition that nobody else has changed it since they read it. A try is four
 * messages: read, answer, write, answer. The server answers at once, however many ask.
 */
export function contend(clients: number, wait: Wait, random: Random): Contention {
  const queue = eventQueue()
  let [version, calls, timeMs] = [1, 0, 0]
  const send = (then: () => void, delayMs = 0): void => queue.after(delayMs + hop(random), then)
  for (let client = 0; client < clients; client++) {
    let [conflicts, waited] = [0, 0]
    const read = (): void => {
      const seen = version
      send(() =>
        send(() => {
          calls += 1
          const isFirst = seen === version
          if (isFirst) version += 1
          send(() => {
            if (isFirst) return void (timeMs = queue.now())
            waited = wait(++conflicts, random, waited)
            send(read, waited)
          })
        }),
      )
    }
    send(read)
  }
  queue.run()
  if (version !== clients + 1) throw new Error(`${clients} clients made ${version - 1} changes`)
  return { timeMs, calls }
}
