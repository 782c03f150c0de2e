import { copyEntry, createBatch } from './batch.ts'
import type { Batch } from './batch.ts'
import { pageEntries } from './pages.ts'
import type { Pages } from './pages.ts'

/** A sorted part of a spool. */
export interface Run {
  readonly firstPage: number
  readonly pages: number
  readonly firstAt: number
}

interface Reader {
  readonly order: number
  readonly lastPage: number
  page: number
  index: number
  readonly batch: Batch
}

/** Merges sorted runs by time. Of runs that do not overlap, one at a time is open. */
export function* mergeRuns(runs: readonly Run[], pages: Pages): Generator<Batch> {
  const waiting = runs
    .map((run, order) => ({ ...run, order }))
    .sort((left, right) => left.firstAt - right.firstAt || left.order - right.order)
  const spare: Batch[] = []
  const open: Reader[] = []
  const out = createBatch(pageEntries)
  let next = 0

  while (next < waiting.length || open.length > 0) {
    let top = open[0]
    const run = waiting[next]
    if (run !== undefined && (top === undefined || run.firstAt <= timeOf(top))) {
      const batch = spare.pop() ?? createBatch(pageEntries)
      pages.read(run.firstPage, batch)
      push(open, { order: run.order, page: run.firstPage, lastPage: run.firstPage + run.pages - 1, index: 0, batch })
      next++
      continue
    }
    top = top as Reader
    copyEntry(top.batch, top.index, out)
    if (out.length === pageEntries) {
      yield out
      out.length = 0
    }
    if (advance(top, pages)) sink(open)
    else {
      spare.push(top.batch)
      removeTop(open)
    }
  }
  if (out.length > 0) yield out
}

function advance(reader: Reader, pages: Pages): boolean {
  if (++reader.index < reader.batch.length) return true
  if (reader.page === reader.lastPage) return false
  pages.read(++reader.page, reader.batch)
  reader.index = 0
  return true
}

function timeOf({ batch, index }: Reader): number {
  return batch.at[index] as number
}

/** Entries of one instant come in the order of their runs. */
function isBefore(left: Reader, right: Reader): boolean {
  const difference = timeOf(left) - timeOf(right)
  return difference < 0 || (difference === 0 && left.order < right.order)
}

function push(heap: Reader[], reader: Reader): void {
  let at = heap.length
  heap.push(reader)
  while (at > 0) {
    const parent = (at - 1) >> 1
    if (!isBefore(reader, heap[parent] as Reader)) break
    heap[at] = heap[parent] as Reader
    at = parent
  }
  heap[at] = reader
}

function removeTop(heap: Reader[]): void {
  const last = heap.pop() as Reader
  if (heap.length === 0) return
  heap[0] = last
  sink(heap)
}

function sink(heap: Reader[]): void {
  const reader = heap[0] as Reader
  let at = 0
  for (;;) {
    let child = 2 * at + 1
    if (child >= heap.length) break
    if (child + 1 < heap.length && isBefore(heap[child + 1] as Reader, heap[child] as Reader)) child++
    if (!isBefore(heap[child] as Reader, reader)) break
    heap[at] = heap[child] as Reader
    at = child
  }
  heap[at] = reader
}
