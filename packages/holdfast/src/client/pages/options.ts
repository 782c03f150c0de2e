import type { RetryBudget } from '../../retry/budget.ts'
import type { Clock, Random } from '../../core/index.ts'
import { configurationError, waitingClock } from '../../core/index.ts'
import { complete } from '../../retry/complete.ts'
import { absoluteUrl } from '../platform.ts'
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
  /** What further sends are paid from, by origin: what `createFetch` was given as `budget`. @default the one that all of the process share */
  readonly budget?: (origin: string) => RetryBudget
  readonly clock?: Clock
  readonly random?: Random
}

/** What has no default. */
type Undecided = 'dedupeBy' | 'items' | 'next' | 'signal' | 'budget'

/** Options with every default filled in. */
export type WalkSettings<T> = Pick<WalkOptions<T>, Undecided> &
  Required<Omit<WalkOptions<T>, Undecided | 'resumeFrom'>> & {
    readonly start: URL
    readonly query: string
    readonly resumeFrom: Checkpoint | undefined
  }

/**
 * Fills in defaults and refuses what cannot work.
 *
 * @throws HoldfastError `configuration-invalid`, or `checkpoint-refused`
 */
export function toWalkSettings<T>(url: string | URL, options: WalkOptions<T>): WalkSettings<T> {
  const counted = complete({ maxPages: Number.POSITIVE_INFINITY, pageDeadlineMs: 120_000 }, options, 1)
  const defaults = {
    prefetch: 0,
    resends: 2,
    cursorParam: 'cursor',
    allowOrigins: [],
    headers: {},
    clock: waitingClock,
    random: Math.random,
  } as const
  const settings = complete(defaults, counted)
  if (settings.prefetch > 1) throw configurationError(`prefetch: expected 0 or 1, got ${settings.prefetch}`)
  const start = URL.parse(absoluteUrl(String(url)))
  if (start === null) throw configurationError(`expected an absolute URL, got ${JSON.stringify(String(url).slice(0, 200))}`)
  const query = queryOf(start, settings.cursorParam)
  const resumeFrom = options.resumeFrom === undefined ? undefined : parseCheckpoint(options.resumeFrom, query)
  return { ...settings, start, query, resumeFrom }
}
