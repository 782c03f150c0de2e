/** A throttled request that will be sent again. */
export interface Comeback {
  readonly at: number
  /** Entry to send. */
  readonly account: number
  readonly route: number
  readonly client: number
  readonly cost: number
  readonly status: number
  /** How often it was throttled. */
  readonly tries: number
}

/** Requests that come back later, the earliest first; those of one instant in the order in which they were throttled. */
export interface Comebacks {
  readonly size: number
  add(comeback: Comeback): void
  peekAt(): number
  take(): Comeback
}

export function createComebacks(): Comebacks {
  const heap: (Comeback & { readonly order: number })[] = []
  let order = 0
  const isBefore = (left: number, right: number): boolean => {
    const [a, b] = [heap[left] as (typeof heap)[0], heap[right] as (typeof heap)[0]]
    return a.at < b.at || (a.at === b.at && a.order < b.order)
  }
  const swap = (left: number, right: number): void => {
    const kept = heap[left] as (typeof heap)[0]
    heap[left] = heap[right] as (typeof heap)[0]
    heap[right] = kept
  }
  return {
    get size() {
      return heap.length
    },
    add(comeback) {
      let at = heap.push({ ...comeback, order: order++ }) - 1
      for (let parent = (at - 1) >> 1; at > 0 && isBefore(at, parent); parent = (at - 1) >> 1) {
        swap(at, parent)
        at = parent
      }
    },
    peekAt: () => heap[0]?.at ?? Number.POSITIVE_INFINITY,
    take() {
      const first = heap[0] as Comeback
      swap(0, heap.length - 1)
      heap.pop()
      for (let at = 0; ;) {
        let child = 2 * at + 1
        if (child >= heap.length) break
        if (child + 1 < heap.length && isBefore(child + 1, child)) child++
        if (!isBefore(child, at)) break
        swap(at, child)
        at = child
      }
      return first
    },
  }
}
