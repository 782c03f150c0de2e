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
  if (value === undefined || value === null) return nothing
  if (value instanceof ReadableStream) return keep(value as ReadableStream<Uint8Array>)
  // Node takes whatever gives bytes one after the other, and gives them once.
  if ((value as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]) return keep(ReadableStream.from(value as AsyncIterable<Uint8Array>))
  const sent = copyOf(value)
  return lasting(() => sent)
}

/** A body that its caller may change as soon as the call has begun: `fetch` reads it at once, a further attempt does so later. */
function copyOf(value: BodyValue): BodyValue {
  const { buffer = value, byteOffset, byteLength, getAll } = value as Partial<Uint8Array & FormData>
  // Not `slice`, which copies nothing of a `Buffer`.
  if (byteLength !== undefined) return new Uint8Array(new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength))
  if (getAll === undefined) return value
  const copy = new (value.constructor as typeof FormData)()
  for (const [name, part] of value as FormData) copy.append(name, part as string)
  return copy
}

/** A body that can be sent as often as one likes. */
export function lasting(next: RequestBody['next']): RequestBody {
  return { isIntact: true, next, release() {} }
}

const nothing = lasting(() => undefined)

/** A stream that nothing keeps can be given to one attempt. */
function sendOnce(stream: ReadableStream<Uint8Array>): RequestBody {
  let isIntact = true
  return {
    get isIntact() {
      return isIntact
    },
    next() {
      isIntact = false
      return stream
    },
    release() {},
  }
}
