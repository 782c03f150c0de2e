import type { BodyValue, Fetch } from './types.ts'

/** How an attempt is ended from outside. */
export interface Ending {
  /** Why it was ended. */
  readonly reason: Error | undefined
  /** Told when it is ended. */
  sender: { abort(reason: Error): void } | undefined
}

/**
 * Sends an attempt whose end comes in place of an `AbortSignal`: to listen to one of those costs more than the policies of a call together.
 * `lines` are names and values of header fields in turn, and belong to whoever sends them.
 */
export type OwnTransport = (
  input: string | URL | Request,
  init: RequestInit | undefined,
  method: string,
  lines: string[],
  body: BodyValue | undefined,
  ending: Ending,
) => Promise<Response>

/** Where a `fetch` of ours has its other entrance. Such a `fetch` follows redirects itself. */
export const ownTransport: unique symbol = Symbol('own transport')

/** The other entrance of a `fetch`, where it is one of ours. */
export function ownTransportOf(fetch: Fetch): OwnTransport | undefined {
  return (fetch as { readonly [ownTransport]?: OwnTransport })[ownTransport]
}
