/** Virtual time for models without promises: a binary heap of what happens when. */
export interface EventQueue {
  now(): number
  after(delayMs: number, action: () => void): void
  /** Runs everything, in order, until nothing is left or the time is over. */
  run(untilMs?: number): void
}

interface Event {
  readonly at: number
  readonly action: () => void
}

/** Makes an empty queue at time 0. */
export function eventQueue(): EventQueue {
  const heap: Event[] = []
  let now = 0
  const at = (index: number): number => heap[index]?.at ?? Number.POSITIVE_INFINITY

  function takeFirst(): Event | undefined {
    const [first, last] = [heap[0], heap.pop()]
    if (last === undefined || heap.length === 0) return first
    heap[0] = last
    for (let index = 0; ;) {
      const child = at(2 * index + 2) < at(2 * index + 1) ? 2 * index + 2 : 2 * index + 1
      if (at(child) >= at(index)) return first
      swap(index, child)
      index = child
    }
  }
  function swap(left: number, right: number): void {
    const kept = heap[left] as Event
    heap[left] = heap[right] as Event
    heap[right] = kept
  }

  return {
    now: () => now,
    after(delayMs, action) {
      let index = heap.push({ at: now + delayMs, action }) - 1
      for (; index > 0 && at((index - 1) >> 1) > at(index); index = (index - 1) >> 1) swap(index, (index - 1) >> 1)
    },
    run(untilMs = Number.POSITIVE_INFINITY) {
      while (at(0) <= untilMs) {
        const event = takeFirst() as Event
        now = event.at
        event.action()
        if (heap.length === 0) return
      }
    },
  }
}
