import type { Reply } from '../core/index.ts'
import type { Settlement } from './in-flight.ts'
import type { ClaimVerdict } from './record.ts'

/** A claim that did not get the key. */
export type Taken = Exclude<ClaimVerdict, { kind: 'acquired' }>

/** A reply, with what others in this process may share of it. */
export interface Replied {
  readonly kind: 'replied'
  readonly reply: Reply
  readonly settlement: Settlement
}

/** What one attempt at a key came to: a reply, or the key was taken. */
export type Attempt = Replied | Taken

const open: Settlement = { kind: 'open' }

/** An attempt that ended with a reply; for this caller alone, unless a settlement says what to share. */
export function replied(reply: Reply, settlement: Settlement = open): Replied {
  return { kind: 'replied', reply, settlement }
}
