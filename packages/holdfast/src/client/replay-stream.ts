import { complete } from '../retry/complete.ts'
import type { StreamKeeper } from './request-body.ts'
import type { BodyValue } from './types.ts'

/** How much of streams is kept. */
export interface ReplayLimits {
  /** How much of a body that is a stream is kept for a repeat, bytes. @default 1_048_576 */
  readonly replayBytes?: number
  /** The same for all calls of the process together, bytes. @default 16_777_216 */
  readonly replayBytesInAll?: number
}

/** Bytes kept just now by all calls of this process. */
let held = 0

/**
 * Keeps what an attempt reads of a stream, and gives it to the next one first. Beyond the limit nothing is kept, and a second attempt is
 * impossible: it would send a part of the body as if it were the whole.
 */
export function replayStreams(limits: ReplayLimits = {}): StreamKeeper {
  const { replayBytes, replayBytesInAll } = complete({ replayBytes: 1_048_576, replayBytesInAll: 16_777_216 }, limits)
  return function keep(stream) {
    const reader = stream.getReader()
    const kept: Uint8Array[] = []
    let size = 0
    let isWhole = false
    let isGone = false
    let reading: Promise<void> | undefined

    /** One chunk for all attempts: what an abandoned attempt asked for is not lost for the next one. */
    function read(): Promise<void> {
      reading ??= reader.read().then(
        ({ done, value }) => {
          reading = undefined
          if (done) isWhole = true
          else add(value)
        },
        (error: unknown) => {
          isGone = true
          throw error
        },
      )
      return reading
    }

    function add(chunk: Uint8Array): void {
      kept.push(chunk)
      if (isGone) return
      // A chunk that is no bytes has none; `fetch` refuses it in its own words.
      const { byteLength = 0 } = chunk as Partial<Uint8Array>
      size += byteLength
      held += byteLength
      if (size > replayBytes || held > replayBytesInAll) forget()
    }

    function forget(): void {
      isGone = true
      held -= size
      size = 0
    }

    return {
      get isIntact() {
        return !isGone
      },
      next() {
        let at = 0
        return new ReadableStream<Uint8Array>(
          {
            async pull(controller) {
              while (at >= kept.length && !isWhole) await read()
              const chunk = kept[at]
              if (chunk === undefined) return controller.close()
              if (isGone) kept[at] = nothing
              at += 1
              // A copy: the transport may detach what it is given.
              controller.enqueue(isGone ? chunk : chunk.slice())
            },
          },
          { highWaterMark: 0 },
        ) as BodyValue
      },
      release() {
        const isKept = isWhole && !isGone
        forget()
        // What is whole can still be sent by who settles an unknown outcome.
        if (isKept) isGone = false
        else reader.cancel().catch(() => {})
      },
    }
  }
}

const nothing = new Uint8Array(0)
