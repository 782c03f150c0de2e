import { HoldfastError } from '../../core/index.ts'
import { RefusedError } from '../refused.ts'
import type { Place } from './checkpoint.ts'

/** The server sends a walk in circles: it gave a cursor, or a page, that was there before. Code `pagination-loop`. */
export class PaginationLoopError extends HoldfastError {
  /** Where the next page would have been. */
  declare readonly cursor: string

  constructor(cursor: string, what: string) {
    super('pagination-loop', `the server sends this walk in circles: ${what}`)
    Object.assign(this, { name: 'PaginationLoopError', cursor })
  }
}

/** The server no longer takes the cursor (410); the walk has to begin anew, or from what is known of the last item. Code `cursor-expired`. */
export class CursorExpiredError extends HoldfastError {
  /** The last item that was handed out; `undefined` when there was none since the walk began or was resumed. */
  declare readonly lastItem: unknown

  constructor(lastItem: unknown) {
    super('cursor-expired', 'the server no longer knows the place this walk has reached')
    Object.assign(this, { name: 'CursorExpiredError', lastItem })
  }
}

/** What became of a place that is not the first, where that is what an error says. */
export function expired(error: unknown, { cursor, link }: Place, lastItem: unknown): unknown {
  return error instanceof RefusedError && error.status === 410 && (cursor ?? link) !== undefined ? new CursorExpiredError(lastItem) : error
}

/** A checkpoint that is none, or belongs to another query. Nothing was sent. Code `checkpoint-refused`. */
export function checkpointRefused(why: string): HoldfastError {
  return new HoldfastError('checkpoint-refused', `this checkpoint cannot be resumed here: ${why}`)
}

/** The next page is said to be on another origin. Nothing was sent there, credentials least of all. Code `next-refused`. */
export function nextRefused(origin: string): HoldfastError {
  return new HoldfastError(
    'next-refused',
    `the next page is said to be on ${origin}, which would get the credentials of this walk; allow it with allowOrigins`,
  )
}
