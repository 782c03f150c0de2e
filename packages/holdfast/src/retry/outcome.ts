import type { Reply } from '../core/reply.ts'

/** What one attempt came to. */
export type Outcome = { readonly reply: Reply } | { readonly error: unknown }

/**
 * What an outcome means for a repeat.
 *
 * - `ok`: an answer that is no failure
 * - `not-sent`: nothing reached the server; any method may be sent again
 * - `refused`: the server says it did not process the call; any method may be sent again
 * - `maybe`: the server may have processed the call; only what is safe to repeat may be sent again
 * - `in-progress`: an earlier attempt under the same key still runs; ask again under that key
 * - `final`: sending it again would not help, or must not happen
 */
export type OutcomeClass = 'ok' | 'not-sent' | 'refused' | 'maybe' | 'in-progress' | 'final'

/** Why no further attempt was made. */
export type StopReason = 'abort' | 'attempts' | 'body' | 'budget' | 'deadline' | 'declined' | 'final' | 'handled' | 'retry-after' | 'unsafe'
