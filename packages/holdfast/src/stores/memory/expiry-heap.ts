/** Ids by the time they expire, the earliest first. An id may be in it several times; whoever takes one out judges whether it still counts. */
export interface ExpiryHeap {
  readonly size: number
  push(at: number, id: string): void
  /** Takes the earliest id out, if its time has come. */
  popDue(now: number): string | undefined
  clear(): void
}

/**
 * Makes an empty heap. Times and ids lie in two arrays, so that an entry costs no object; pushing in rising order, which is what one
 * retention for all routes comes to, moves nothing.
 */
export function createExpiryHeap(): ExpiryHeap {
  const times: number[] = []
  const ids: string[] = []

  function put(index: number, at: number, id: string): void {
    times[index] = at
    ids[index] = id
  }

  function move(from: number, to: number): void {
    put(to, times[from] as number, ids[from] as string)
  }

  function sink(at: number, id: string): void {
    let hole = 0
    for (;;) {
      let child = 2 * hole + 1
      if (child >= times.length) break
      if (child + 1 < times.length && (times[child + 1] as number) < (times[child] as number)) child += 1
      if ((times[child] as number) >= at) break
      move(child, hole)
      hole = child
    }
    put(hole, at, id)
  }

  return {
    get size() {
      return times.length
    },
    push(at, id) {
      let hole = times.length
      put(hole, at, id)
      while (hole > 0) {
        const parent = (hole - 1) >> 1
        if ((times[parent] as number) <= at) break
        move(parent, hole)
        hole = parent
      }
      put(hole, at, id)
    },
    popDue(now) {
      const first = ids[0]
      if (first === undefined || (times[0] as number) > now) return undefined
      const lastAt = times.pop() as number
      const lastId = ids.pop() as string
      if (times.length > 0) sink(lastAt, lastId)
      return first
    },
    clear() {
      times.length = 0
      ids.length = 0
    },
  }
}
