import { PaginationLoopError } from './errors.ts'

/** Notices a walk that goes in circles. */
export interface LoopGuard {
  /** @throws PaginationLoopError for a URL that was there before */
  follow(url: string): void
  /** @throws PaginationLoopError for a page that has the same items as the one before, under another cursor */
  arrive(url: string, keys: readonly string[]): void
}

/** So many places are remembered; then it begins anew, which finds every circle that is shorter. */
const mostPlaces = 100_000

/** Makes a guard for one walk. */
export function createLoopGuard(): LoopGuard {
  const places = new Set<string>()
  let ends: string | undefined
  return {
    follow(url) {
      if (places.has(url)) throw new PaginationLoopError(url, 'it gave the same cursor twice')
      if (places.size >= mostPlaces) places.clear()
      places.add(url)
    },
    arrive(url, keys) {
      // Sealed cursors differ each time, so a server that ignores its cursor is known by its items alone.
      const found = keys.length === 0 ? undefined : JSON.stringify([keys[0], keys.at(-1), keys.length])
      if (found !== undefined && found === ends) throw new PaginationLoopError(url, 'it gave the same page under two cursors')
      ends = found
    },
  }
}
