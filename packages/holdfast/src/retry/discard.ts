import type { Clock } from '../core/clock.ts'
import type { Reply } from '../core/reply.ts'

/** Reading so much to the end is cheaper than the new connection that a cancelled body costs. */
const mostBytes = 65_536
const patienceMs = 100

/**
 * Gets rid of a reply that nobody will read, so that its connection can be used again: the body is read to its end, or cancelled when that
 * takes more than 64 KiB or 100 ms. Never rejects, and need not be waited for.
 */
export async function discard(reply: Reply, clock: Clock): Promise<void> {
  const { body } = reply
  if (!(body instanceof ReadableStream) || body.locked) return
  const reader = body.getReader()
  if (Number(reply.headers.get('content-length') ?? 0) > mostBytes) return reader.cancel().catch(ignore)
  const cancelTimer = clock.after(patienceMs, () => void reader.cancel().catch(ignore))
  try {
    let left = mostBytes
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      left -= next.value.byteLength
      if (left < 0) return await reader.cancel()
    }
  } catch {
    // A body that breaks off is discarded all the same.
  } finally {
    cancelTimer()
  }
}

function ignore(): void {}
