import { eitherSignal } from '../call-scope.ts'
import type { FetchLike } from '../fetch-like.ts'
import { advance, alreadySeen, keyOf, progressFrom, toCheckpoint } from './checkpoint.ts'
import type { Checkpoint, Place } from './checkpoint.ts'
import { expired } from './errors.ts'
import { loadPage } from './load-page.ts'
import type { LoadedPage } from './load-page.ts'
import { createLoopGuard } from './loop-guard.ts'
import { recentNames } from './recent-names.ts'
import { urlOf } from './next.ts'
import type { WalkSettings } from './options.ts'

/** A page of a walk: its new items, and what came with them. */
export interface Page<T> {
  /** Without those that were handed out before: in a page that was resumed, or by `dedupeBy`. */
  readonly items: readonly T[]
  /** Which page of this walk it is, from 1. */
  readonly number: number
  readonly url: string
  readonly headers: Headers
  readonly body: unknown
  readonly isLast: boolean
}

/** A page, with what is needed to tell how far its items have been handed out. */
export interface WalkedPage<T> {
  readonly page: Page<T>
  /** Notes that the next item was handed out. */
  handOut(item: T): void
  /** Notes that all of it was. */
  handOutAll(): void
}

/** A walk over pages. */
export interface Walk<T> {
  pages(): AsyncGenerator<WalkedPage<T>, void, void>
  checkpoint(): Checkpoint
  /** Aborts whatever is being asked for. */
  abort(reason: unknown): void
}

/** Begins a walk; nothing is sent before the first page is asked for. */
export function createWalk<T>(fetch: FetchLike, settings: WalkSettings<T>): Walk<T> {
  const { start, cursorParam, allowOrigins, resumeFrom, dedupeBy } = settings
  const closing = new AbortController()
  const signal = eitherSignal(settings.signal, closing.signal)
  const guard = createLoopGuard()
  const isKnown = dedupeBy === undefined ? undefined : recentNames()
  const progress = progressFrom(resumeFrom)
  let lastItem: T | undefined

  async function load(place: Place): Promise<LoadedPage<T>> {
    const url = urlOf(place, start, cursorParam, allowOrigins)
    guard.follow(url.href)
    try {
      return await loadPage(fetch, url, settings, signal)
    } catch (error) {
      throw expired(error, place, lastItem)
    }
  }

  /** Enters a page: the checkpoint is at its beginning, or still where it was when the page was resumed. */
  function enter({ items, ...loaded }: LoadedPage<T>, number: number, isResumed: boolean): WalkedPage<T> {
    const keys = items.map((item) => keyOf(item, dedupeBy))
    if (keys.every(({ isName }) => isName))
      guard.arrive(
        loaded.url.href,
        keys.map(({ key }) => key),
      )
    const isSeen = isResumed && resumeFrom !== undefined ? alreadySeen(resumeFrom) : () => false
    const fresh = items.filter((_item, index) => {
      const { key } = keys[index] as { key: string }
      return !isSeen(key) && !(isKnown?.(key) ?? false)
    })
    let left = fresh.length
    const handOut = (item: T): void => {
      lastItem = item
      advance(progress, keyOf(item, dedupeBy).key)
      if (--left === 0) leave(loaded)
    }
    if (left === 0) leave(loaded)
    return {
      page: { items: fresh, number, url: loaded.url.href, headers: loaded.headers, body: loaded.body, isLast: loaded.next === undefined },
      handOut,
      handOutAll() {
        for (const item of fresh) handOut(item)
      },
    }
  }

  /** At the end of the walk the checkpoint stays in the last page, so that resuming it finds what was added since. */
  function leave({ next }: Pick<LoadedPage<T>, 'next'>): void {
    if (next !== undefined) Object.assign(progress, { place: next, index: 0, seen: [] })
  }

  async function* pages(): AsyncGenerator<WalkedPage<T>, void, void> {
    try {
      signal.throwIfAborted()
      let coming: Promise<LoadedPage<T>> | undefined = load(progress.place)
      for (let number = 1; coming !== undefined; number++) {
        const loaded: LoadedPage<T> = await coming
        const isOver = loaded.next === undefined || number >= settings.maxPages
        coming = undefined
        if (!isOver && settings.prefetch === 1) coming = ahead(load(loaded.next as Place))
        yield enter(loaded, number, number === 1)
        signal.throwIfAborted()
        if (!isOver) coming ??= load(loaded.next as Place)
      }
    } finally {
      closing.abort()
    }
  }

  return { pages, checkpoint: () => toCheckpoint(settings.query, progress), abort: (reason) => closing.abort(reason) }
}

/** A page that was asked for ahead may fail before anybody waits for it; that is told when its turn comes. */
function ahead<T>(coming: Promise<T>): Promise<T> {
  coming.catch(() => {})
  return coming
}
