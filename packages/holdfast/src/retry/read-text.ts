import type { Clock } from '../core/clock.ts'
import { bodyTooLarge } from '../core/errors.ts'
import type { Reply } from '../core/reply.ts'

/** The longest body that is read into memory for a caller, bytes. */
const longestBody = 16_777_216

/**
 * Reads the text of an answer. What is too long is not read further, and its connection is given up. What has come
 * when patience ends is all there is.
 *
 * @throws HoldfastError `body-too-large`, or what the body breaks off with
 */
export async function readText(
  { headers, body }: Pick<Reply, 'headers' | 'body'>,
  limit: number = longestBody,
  clock?: Clock,
  patienceMs: number = 0,
): Promise<string> {
  if (body === null) return ''
  const reader = (body as ReadableStream<Uint8Array>).getReader()
  // Its outcome is of no interest.
  const cancel = (): void => void reader.cancel().catch(() => {})
  const cancelTimer = clock?.after(patienceMs, cancel)
  const decoder = new TextDecoder()
  let text = ''
  let length = 0
  try {
    if (Number(headers.get('content-length')) > limit) throw bodyTooLarge(limit)
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return text + decoder.decode()
      length += value.byteLength
      if (length > limit) throw bodyTooLarge(limit)
      text += decoder.decode(value, { stream: true })
    }
  } finally {
    cancelTimer?.()
    cancel()
  }
}
