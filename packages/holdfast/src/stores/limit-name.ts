import { hash } from 'node:crypto'
import type { Meter } from '../rate-limit/store.ts'

/** Who is counted, and what, in the form a store keeps. */
export interface LimitName {
  readonly owner: string
  readonly counter: string
}

// Braces would move a Redis key to another slot. `#` and `*` begin names that are made here.
const plain = /^(?![#*])[ -z|~]{1,64}$/

/**
 * Names a counter for a store on disk or over a network: readable where that is short and harmless, else a digest, so that what a caller
 * sends never makes a key long.
 */
export function limitNameOf({ owner, counter, meter }: { owner: string; counter: string; meter: Meter }): LimitName {
  return { owner: toOwnerName(owner), counter: toCounterName(counter, meter) }
}

/** Names who is counted. */
export function toOwnerName(owner: string): string {
  return owner === '' ? '*' : toName(owner)
}

/** Names what is counted. Kinds are apart: a counter whose limit becomes one of another kind counts anew. */
export function toCounterName(counter: string, { kind }: Meter): string {
  return `${kind}:${toName(counter)}`
}

/** A name that is safe to keep. */
export function toName(text: string): string {
  // As JSON, because halves of surrogate pairs all become the same byte sequence otherwise.
  return plain.test(text) ? text : `#${hash('sha256', JSON.stringify(text), 'base64url')}`
}
