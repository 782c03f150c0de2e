import { HoldfastError, withTimeout } from '../../core/index.ts'
import type { Clock } from '../../core/index.ts'

/** How a stream of lines is read. */
export interface LineOptions {
  readonly clock: Clock
  /** The longest line, characters. */
  readonly maxLine: number
  /** The longest time without a byte, milliseconds. */
  readonly idleMs: number
}

/**
 * Chunks asked for ahead. A stream whose connection breaks forgets all that nobody has asked for yet, however long ago it arrived; and the sender
 * of a slow reader is still held up, a little later.
 */
const chunksAhead = 16

/**
 * Reads the lines of a body as they arrive. What stands behind the last line break is given only when it is all there is left.
 *
 * @throws HoldfastError `body-incomplete` when nothing arrives for too long, `body-too-large` for a line that is too long
 */
export async function* linesOf(
  body: ReadableStream<Uint8Array>,
  { clock, maxLine, idleMs }: LineOptions,
): AsyncGenerator<{ readonly line: string; readonly isWhole: boolean }, void, void> {
  const reader = body.getReader()
  const decoder = new TextDecoder()
  const next = (): ReturnType<typeof reader.read> => {
    const read = reader.read()
    // Whoever gets as far as this one hears of it.
    read.catch(() => {})
    return read
  }
  const ahead = Array.from({ length: chunksAhead }, next)
  const idle = (): Error => new HoldfastError('body-incomplete', `nothing arrived for ${idleMs} ms`)
  let rest = ''
  try {
    for (;;) {
      ahead.push(next())
      const { done, value } = await withTimeout(clock, idleMs, ahead.shift() as ReturnType<typeof next>, idle)
      const lines = (rest + (done ? decoder.decode() : decoder.decode(value, { stream: true }))).split('\n')
      rest = lines.pop() as string
      for (const line of lines) if (line.trim() !== '') yield { line, isWhole: true }
      if (rest.length > maxLine) throw new HoldfastError('body-too-large', `a line is longer than ${maxLine} characters`)
      if (done) break
    }
    if (rest.trim() !== '') yield { line: rest, isWhole: false }
  } finally {
    // Its outcome is of no interest: whoever stops reading gives the connection up.
    reader.cancel().catch(() => {})
  }
}
