import type { Fetch, FetchInit } from './types.ts'

/** How an attempt is ended from outside. */
export interface Ending {
  /** Why it was ended. */
  readonly reason: Error | undefined
  /** Told when it is ended. */
  sender: { abort(reason: Error): void } | undefined
}

/**
 * Where a transport of ours finds the ending of its attempt, in place of an `AbortSignal`: to listen to one of those costs more than the
 * policies of a call together. A `fetch` that has this property itself looks for it, and follows redirects.
 */
export const ending: unique symbol = Symbol('ending')

/** What a transport of ours is given. */
export interface OwnInit extends FetchInit {
  [ending]?: Ending
}

/** Marks a `fetch` as a transport of ours. */
export function asOwnTransport(fetch: (input: string | URL | Request, init?: OwnInit) => Promise<Response>): Fetch {
  return Object.assign(fetch, { [ending]: true })
}

export function isOwnTransport(fetch: Fetch): boolean {
  return ending in fetch
}
