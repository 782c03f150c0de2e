import { copyEntry, createBatch } from './batch.ts'
import type { Batch, Entry } from './batch.ts'
import { mergeRuns } from './merge.ts'
import type { Run } from './merge.ts'
import { createPages, pageEntries } from './pages.ts'

/** All requests of the logs, to be read in the order of time as often as needed. */
export interface Spool {
  readonly length: number
  add(entry: Entry): void
  /** No more entries come. */
  finish(): void
  /** Leaves out what is earlier or later, and tells of each. */
  keepOnly(from: number, to: number, onDropped: (account: number, status: number) => void): void
  /** The requests by time; those of one instant in the order in which they were added. A batch is valid until the next one. */
  sorted(): Iterable<Batch>
  close(): void
}

export interface SpoolOptions {
  /** Entries that are sorted in memory at once. A multiple of the page. */
  readonly runEntries?: number
  /** Pages kept in memory, of 8192 entries and 240 KiB each. */
  readonly memoryPages?: number
}

/**
 * Keeps requests as numbers in runs, each sorted by itself, and merges the runs when they are read: logs may be in any order, and any
 * length that fits on the disk, in the same memory.
 */
export function createSpool({ runEntries = 64 * pageEntries, memoryPages = 64 }: SpoolOptions = {}): Spool {
  const pages = createPages(memoryPages)
  const runs: Run[] = []
  let current = createBatch(runEntries)
  let length = 0
  let from = Number.NEGATIVE_INFINITY
  let to = Number.POSITIVE_INFINITY

  function endRun(): void {
    if (current.length === 0) return
    const order = orderOf(current)
    const run: Run = {
      firstPage: pages.length,
      pages: Math.ceil(current.length / pageEntries),
      firstAt: current.at[order?.[0] ?? 0] as number,
    }
    const page = createBatch(pageEntries)
    for (let index = 0; index < current.length; index++) {
      copyEntry(current, order?.[index] ?? index, page)
      if (page.length === pageEntries || index === current.length - 1) {
        pages.write(page)
        page.length = 0
      }
    }
    runs.push(run)
    current.length = 0
  }

  return {
    get length() {
      return length
    },
    add({ at, account, route, client, cost, status }) {
      if (current.length === runEntries) endRun()
      const end = current.length++
      current.at[end] = at
      current.account[end] = account
      current.route[end] = route
      current.client[end] = client
      current.cost[end] = cost
      current.status[end] = status
      length++
    },
    finish() {
      endRun()
      current = createBatch(0)
    },
    keepOnly(first, last, onDropped) {
      for (const batch of mergeRuns(runs, pages)) {
        for (let index = 0; index < batch.length; index++) {
          const at = batch.at[index] as number
          if (at >= first && at <= last) continue
          onDropped(batch.account[index] as number, batch.status[index] as number)
          length--
        }
      }
      from = first
      to = last
    },
    sorted: () => within(mergeRuns(runs, pages), from, to),
    close: () => pages.close(),
  }
}

/** The part of sorted batches that lies between two instants. */
function* within(batches: Iterable<Batch>, from: number, to: number): Generator<Batch> {
  for (const batch of batches) {
    const { at, length } = batch
    if ((at[0] as number) >= from && (at[length - 1] as number) <= to) {
      yield batch
      continue
    }
    const part = createBatch(length + ((4 - (length % 4)) % 4))
    for (let index = 0; index < length; index++)
      if ((at[index] as number) >= from && (at[index] as number) <= to) copyEntry(batch, index, part)
    if (part.length > 0) yield part
  }
}

/** The order by time, stable; `undefined` when it is that already. */
function orderOf({ at, length }: Batch): Uint32Array | undefined {
  let isSorted = true
  for (let index = 1; index < length && isSorted; index++) isSorted = (at[index - 1] as number) <= (at[index] as number)
  if (isSorted) return undefined
  const order = Uint32Array.from({ length }, (_, index) => index)
  return order.sort((left, right) => (at[left] as number) - (at[right] as number) || left - right)
}
