import type { Clock } from '../core/clock.ts'
import type { Reply } from '../core/reply.ts'
import { readText } from './read-text.ts'

/** Reading so much to the end is cheaper than the new connection that a cancelled body costs. */
const mostBytes = 65_536
const patienceMs = 100

/**
 * Gets rid of a reply that nobody will read, so that its connection can be used again: the body is read to its end, or cancelled when that
 * takes more than 64 KiB or 100 ms. A body that somebody else reads, or that is no stream, is left alone.
 */
export function discard(reply: Reply, clock: Clock): void {
  if (reply.body instanceof ReadableStream) readText(reply, mostBytes, clock, patienceMs).catch(() => {})
}
