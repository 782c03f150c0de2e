import type { Reply } from '../core/index.ts'
import type { Settlement } from './in-flight.ts'
import type { ClaimVerdict } from './record.ts'

/** A claim that did not get the key. */
export type Taken = Exclude<ClaimVerdict, { kind: 'acquired' }>

/** What one attempt at a key came to: a reply, with what others in this process may share; or the key was taken. */
export type Attempt = { readonly kind: 'replied'; readonly reply: Reply; readonly settlement: Settlement } | Taken

const open: Settlement = { kind: 'open' }

/** An attempt that ended with a reply for this caller alone. */
export function replied(reply: Reply, settlement: Settlement = open): Attempt {
  return { kind: 'replied', reply, settlement }
}
