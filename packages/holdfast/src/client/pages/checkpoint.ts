import { objectIn } from '../object-in.ts'
import { checkpointRefused } from './errors.ts'
import { fingerprint } from './fingerprint.ts'

/** Where a page is: the first one, behind a cursor, or behind a link. */
export interface Place {
  readonly cursor?: string
  readonly link?: string
}

/** A place in a walk, just behind an item. Plain JSON: to be kept wherever one's own progress is kept. */
export interface Checkpoint extends Place {
  readonly version: 1
  /** Which query it belongs to: a fingerprint, since queries may hold what is nobody's business. */
  readonly query: string
  /** How many items of the page have been handed out. */
  readonly index: number
  /** Which ones, so that items that come or go in the page meanwhile make none come twice and none be left out. */
  readonly seen?: readonly string[]
}

/** A checkpoint names so many items of a page; in a longer one it counts them. */
const mostSeen = 1_000

/** A place in a walk that is being made. */
export interface Progress {
  place: Place
  index: number
  /** `undefined` in a page that is too long for it. */
  seen: string[] | undefined
}

/** The place a checkpoint names, or the beginning. */
export function progressFrom(checkpoint: Checkpoint | undefined): Progress {
  if (checkpoint === undefined) return { place: {}, index: 0, seen: [] }
  const { cursor, link, index, seen = index === 0 ? [] : undefined } = checkpoint
  const place = { ...(cursor !== undefined && { cursor }), ...(link !== undefined && { link }) }
  return { place, index, seen: seen && [...seen] }
}

/** Makes the checkpoint of a place. */
export function toCheckpoint(query: string, { place, index, seen }: Progress): Checkpoint {
  return { version: 1, query, ...place, index, ...(seen !== undefined && seen.length > 0 && { seen: [...seen] }) }
}

/** Notes that an item was handed out. */
export function advance(progress: Progress, key: string): void {
  progress.index += 1
  if ((progress.seen?.length ?? 0) >= mostSeen) progress.seen = undefined
  progress.seen?.push(key)
}

/** Which query a walk makes: order of parameters does not count, nor where in the list it begins. */
export function queryOf(url: URL, cursorParam: string): string {
  const query = new URLSearchParams(url.searchParams)
  query.delete(cursorParam)
  query.sort()
  return fingerprint(`${url.origin}${url.pathname}?${query.toString()}`)
}

/**
 * Reads a checkpoint, from the value or its JSON.
 *
 * @throws HoldfastError `checkpoint-refused`
 */
export function parseCheckpoint(given: Checkpoint | string, query: string): Checkpoint {
  const value: Partial<Record<keyof Checkpoint, unknown>> = typeof given === 'string' ? objectIn(given) : (Object(given) as Checkpoint)
  const { version, query: theirs, cursor, link, index, seen } = value
  if (version !== 1) throw checkpointRefused(`it has version ${JSON.stringify(version)}, this code reads 1`)
  const isWhole =
    [cursor, link].every((one) => one === undefined || typeof one === 'string') &&
    Number.isSafeInteger(index) &&
    (index as number) >= 0 &&
    (seen === undefined || (Array.isArray(seen) && seen.every((key) => typeof key === 'string')))
  if (!isWhole) throw checkpointRefused('its members are not what a checkpoint has')
  if (theirs !== query) throw checkpointRefused('it belongs to another query')
  return value as Checkpoint
}

/** Tells which items of a page were handed out before the checkpoint was made. */
export function alreadySeen({ index, seen }: Checkpoint): (key: string) => boolean {
  if (seen === undefined) {
    let left = index
    return () => left-- > 0
  }
  const left = [...seen]
  return function isSeen(key) {
    const at = left.indexOf(key)
    return at >= 0 && left.splice(at, 1).length > 0
  }
}

/** What tells one item from another: what `dedupeBy` says, its `id`, or all of it. */
export function keyOf<T>(
  item: T,
  dedupeBy: ((item: T) => string | number) | undefined,
): { readonly key: string; readonly isName: boolean } {
  const id = dedupeBy === undefined ? (item as { id?: unknown } | null | undefined)?.id : dedupeBy(item)
  const isName = typeof id === 'string' || typeof id === 'number'
  const key = isName ? String(id) : (JSON.stringify(item) ?? '')
  return { key: key.length > 64 ? fingerprint(key) + key.length : key, isName }
}
