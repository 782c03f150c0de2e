import type { Clock, Random } from '../../core/index.ts'
import { configurationError, waitingClock } from '../../core/index.ts'
import type { Checkpoint } from './checkpoint.ts'
import { parseCheckpoint, queryOf } from './checkpoint.ts'
import type { FindNext } from './next.ts'

/** How a list is walked. */
export interface WalkOptions<T = unknown> {
  /** Continues a walk of the same query where a checkpoint was made: a value of `checkpoint()` or a text of `cursor`. */
  readonly resumeFrom?: Checkpoint | string | undefined
  /** How many pages are asked for ahead: 1 asks for the next page while the items of this one are worked on. @default 0 */
  readonly prefetch?: 0 | 1
  /** Ends the walk after so many pages. @default all */
  readonly maxPages?: number
  /**
   * Names an item; one whose name was there before is left out. The last 100 000 names are remembered.
   *
   * @default nothing is left out; across a resumed page items are told apart by `id`, or by all they hold
   */
  readonly dedupeBy?: (item: T) => string | number
  /** Where a page has its items. @default the body itself if it is an array; `data`, `items`, or its only array */
  readonly items?: (body: unknown) => readonly T[]
  /** Finds the next page, where the server names it in a way of its own. A text that is no URL is a cursor. */
  readonly next?: FindNext
  /** The parameter a cursor is sent in. @default 'cursor' */
  readonly cursorParam?: string
  /** Origins besides the first one that may be asked for pages, with the same headers: `https://eu.api.example`. @default none */
  readonly allowOrigins?: readonly string[]
  /** Sent with every request, as credentials are. */
  readonly headers?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
  /** Milliseconds for one page, waits for a rate limit included. @default 120_000 */
  readonly pageDeadlineMs?: number
  /** How often a request without an answer is sent again, on top of what `fetch` does by itself. @default 2 */
  readonly resends?: number
  readonly clock?: Clock
  readonly random?: Random
}

/** Options with every default filled in. */
export interface WalkSettings<T> {
  readonly start: URL
  readonly query: string
  readonly resumeFrom: Checkpoint | undefined
  readonly prefetch: 0 | 1
  readonly maxPages: number
  readonly dedupeBy: ((item: T) => string | number) | undefined
  readonly items: ((body: unknown) => readonly T[]) | undefined
  readonly next: FindNext | undefined
  readonly cursorParam: string
  readonly allowOrigins: readonly string[]
  readonly headers: Readonly<Record<string, string>>
  readonly signal: AbortSignal | undefined
  readonly pageDeadlineMs: number
  readonly resends: number
  readonly clock: Clock
  readonly random: Random
}

/**
 * Fills in defaults and refuses what cannot work.
 *
 * @throws HoldfastError `configuration-invalid`, or `checkpoint-refused`
 */
export function toWalkSettings<T>(url: string | URL, options: WalkOptions<T>): WalkSettings<T> {
  const { prefetch = 0, maxPages = Number.POSITIVE_INFINITY, pageDeadlineMs = 120_000, resends = 2, cursorParam = 'cursor' } = options
  if (prefetch !== 0 && prefetch !== 1) throw configurationError(`prefetch: expected 0 or 1, got ${JSON.stringify(prefetch)}`)
  if (!(maxPages >= 1)) throw configurationError(`maxPages: expected a number of at least 1, got ${maxPages}`)
  if (!(pageDeadlineMs > 0)) throw configurationError(`pageDeadlineMs: expected a number above 0, got ${pageDeadlineMs}`)
  if (!(resends >= 0)) throw configurationError(`resends: expected a number of at least 0, got ${resends}`)
  const base = (globalThis as { location?: { href?: string } }).location?.href
  if (!URL.canParse(String(url), base))
    throw configurationError(`expected an absolute URL, got ${JSON.stringify(String(url).slice(0, 200))}`)
  const start = new URL(String(url), base)
  const query = queryOf(start, cursorParam)
  return {
    start,
    query,
    resumeFrom: options.resumeFrom === undefined ? undefined : parseCheckpoint(options.resumeFrom, query),
    prefetch,
    maxPages,
    dedupeBy: options.dedupeBy,
    items: options.items,
    next: options.next,
    cursorParam,
    allowOrigins: options.allowOrigins ?? [],
    headers: options.headers ?? {},
    signal: options.signal,
    pageDeadlineMs,
    resends,
    clock: options.clock ?? waitingClock,
    random: options.random ?? Math.random,
  }
}
