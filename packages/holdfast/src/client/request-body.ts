import type { RepeatableBody } from '../retry/record.ts'
import type { BodyValue } from './types.ts'

/** The body of a call, for as many attempts as there will be. */
export interface RequestBody extends RepeatableBody {
  /** The body for the next attempt. */
  next(): BodyValue | undefined
  /** The call has ended. */
  release(): void
}

/** Makes a stream sendable more than once, as far as that is possible. */
export type StreamKeeper = (stream: ReadableStream<Uint8Array>) => RequestBody

/** Makes the body of a call from what `fetch` was given. */
export function toRequestBody(value: BodyValue | null | undefined, keep: StreamKeeper = sendOnce): RequestBody {
  if (value instanceof ReadableStream) return keep(value as ReadableStream<Uint8Array>)
  if (value === undefined || value === null) return nothing
  // A caller may use its array again as soon as it has an answer, which an abandoned attempt may still be reading for.
  const sent = value instanceof Uint8Array ? value.slice() : value
  return lasting(() => sent)
}

/** A body that can be sent as often as one likes. */
export function lasting(next: RequestBody['next']): RequestBody {
  return { isIntact: true, next, release() {} }
}

const nothing = lasting(() => undefined)

/** A stream can be sent until an attempt has begun to read it. */
function sendOnce(stream: ReadableStream<Uint8Array>): RequestBody {
  let reader: ReadableStreamDefaultReader<Uint8Array> | undefined
  return {
    get isIntact() {
      return reader === undefined
    },
    next: () =>
      new ReadableStream<Uint8Array>(
        {
          async pull(controller) {
            reader ??= stream.getReader()
            const { done, value } = await reader.read()
            if (done) controller.close()
            else controller.enqueue(value)
          },
          cancel: (reason) => reader?.cancel(reason),
        },
        { highWaterMark: 0 },
      ),
    release() {},
  }
}
