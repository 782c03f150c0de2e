import type { Cancel, Clock } from '../../src/core/index.ts'

interface Event {
  readonly at: number
  readonly order: number
  readonly action: () => void
  cancelled: boolean
}

/** Virtual time: a queue of events, each run when everything before it has come to rest. */
export interface VirtualTime extends Clock {
  /** Runs events until there are none, or until `done` says so. */
  run(done: () => boolean): Promise<void>
}

/**
 * Starts virtual time at an instant, milliseconds since the epoch.
 *
 * @param isWorking whether something works in real time just now, asked in every turn of the loop; virtual time stands still until it is done
 */
export function createVirtualTime(startAt: number, isWorking: (turn: number) => boolean): VirtualTime {
  const heap: Event[] = []
  let now = startAt
  let order = 0
  return {
    now: () => now,
    after(delayMs, action): Cancel {
      const event: Event = { at: now + Math.max(0, delayMs), order: order++, action, cancelled: false }
      push(heap, event)
      return () => {
        event.cancelled = true
      }
    },
    async run(done) {
      await rest(isWorking)
      // Asked before an event is taken: one that is left belongs to the next run.
      while (!done()) {
        const event = pop(heap)
        if (event === undefined) break
        if (event.cancelled) continue
        now = event.at
        event.action()
        await rest(isWorking)
      }
    },
  }
}

/** Lets every promise that can go on do so: an immediate runs only when no microtask is left. */
async function rest(isWorking: (turn: number) => boolean): Promise<void> {
  for (let turn = 0; turn === 0 || isWorking(turn); turn++) await new Promise((resolve) => setImmediate(resolve))
}

function isBefore(a: Event, b: Event): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order)
}

function push(heap: Event[], event: Event): void {
  let index = heap.push(event) - 1
  while (index > 0) {
    const parent = (index - 1) >> 1
    if (!isBefore(event, heap[parent] as Event)) break
    heap[index] = heap[parent] as Event
    index = parent
  }
  heap[index] = event
}

function pop(heap: Event[]): Event | undefined {
  const first = heap[0]
  const last = heap.pop()
  if (first === undefined || last === undefined || heap.length === 0) return first
  let index = 0
  for (;;) {
    let child = 2 * index + 1
    if (child >= heap.length) break
    if (child + 1 < heap.length && isBefore(heap[child + 1] as Event, heap[child] as Event)) child++
    if (!isBefore(heap[child] as Event, last)) break
    heap[index] = heap[child] as Event
    index = child
  }
  heap[index] = last
  return first
}
