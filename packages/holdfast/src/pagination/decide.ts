import { compareTuples } from './compare.ts'
import type { Cursor, KeyTuple } from './position.ts'
import type { Order } from './sorts.ts'

/** Which rows a page wants, before it is known which there are. */
export interface PageOrder {
  /** The way the rows are read: mirrored for a page that leads back. */
  readonly orders: readonly Order[]
  /** `undefined`: from the beginning. */
  readonly position: KeyTuple | undefined
  readonly inclusive: boolean
  /** The most rows that are wanted. */
  readonly take: number
}

/** Why a cursor is not followed. */
export type CursorRefusal = 'mismatch' | 'expired'

/** Decides whether an opened cursor may be followed. A clock that is behind the one that issued it does not make it old. */
export function decideCursor(
  cursor: Cursor,
  { queryHash, keyCount, now, ttlMs }: { queryHash: Uint8Array; keyCount: number; now: number; ttlMs: number },
): 'follow' | CursorRefusal {
  // Age first: the call may be as it was, and only late.
  if (now - cursor.issuedAt > ttlMs) return 'expired'
  if (!queryHash.every((byte, index) => byte === cursor.queryHash[index])) return 'mismatch'
  return cursor.keys === undefined || cursor.keys.length === keyCount ? 'follow' : 'mismatch'
}

/**
 * Decides which rows a page has. The model every store is tested against.
 *
 * @param rows the keys of all rows of the list, in any order
 * @returns their indices, in the order they are read
 */
export function decideRows(rows: readonly KeyTuple[], { orders, position, inclusive, take }: PageOrder): number[] {
  const wanted: number[] = []
  for (const [index, row] of rows.entries()) {
    const compared = position === undefined ? 1 : compareTuples(orders, row, position)
    if (compared > 0 || (inclusive && compared === 0)) wanted.push(index)
  }
  return wanted.sort((a, b) => compareTuples(orders, rows[a] as KeyTuple, rows[b] as KeyTuple)).slice(0, take)
}

/** Where a cursor of a page points: at the first or last of its rows, or, when it has none, still at the position it was read from. */
export type End = 'first row' | 'last row' | 'position' | undefined

/** What lies on either side of a page. */
export interface Ends {
  readonly next: End
  readonly prev: End
  /** From where to read what is added later; given at the end only. */
  readonly tail: End | 'beginning'
}

/**
 * Decides which cursors a page has.
 *
 * @param hasMore whether a row beyond the page was found
 */
export function decideEnds({
  backward,
  hasPosition,
  rows,
  hasMore,
}: {
  readonly backward: boolean
  readonly hasPosition: boolean
  readonly rows: number
  readonly hasMore: boolean
}): Ends {
  if (backward) {
    // Whoever came back from a page knows that it is there, or was.
    return { next: rows > 0 ? 'last row' : 'position', prev: hasMore ? 'first row' : undefined, tail: undefined }
  }
  return {
    next: hasMore ? 'last row' : undefined,
    prev: hasPosition ? (rows > 0 ? 'first row' : 'position') : undefined,
    tail: hasMore ? undefined : rows > 0 ? 'last row' : hasPosition ? 'position' : 'beginning',
  }
}
