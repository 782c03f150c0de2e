import { concat } from '../core/body.ts'
import { bodyTooLarge } from '../core/errors.ts'
import type { RepeatableBody } from '../retry/record.ts'
import { ReplayStream } from './replay-stream.ts'
import type { ReplayLimits } from './replay-stream.ts'
import type { BodyValue } from './types.ts'

/** The body of a call, for as many attempts as there will be. */
export interface RequestBody extends RepeatableBody {
  /** The body for the next attempt. */
  next(): BodyValue | undefined
  /** Whether it is sent as a stream, which `fetch` wants to be told. */
  readonly isStream: boolean
  /** The call has ended. */
  release(): void
}

const nothing: RequestBody = { isIntact: true, isStream: false, next: () => undefined, release() {} }

/** Makes the body of a call from what `fetch` was given. What the caller could still change is copied: each attempt sends the same. */
export function toRequestBody(value: BodyValue | null | undefined, limits: ReplayLimits): RequestBody {
  if (value === null || value === undefined) return nothing
  if (value instanceof ReadableStream) return streamed(new ReplayStream(value as ReadableStream<Uint8Array>, limits))
  const copied = snapshot(value)
  return { isIntact: true, isStream: false, next: () => copied, release() {} }
}

/** A body that is made anew for each attempt. */
export function madeBody(make: () => BodyValue): RequestBody {
  return { isIntact: true, isStream: true, next: make, release() {} }
}

function streamed(stream: ReplayStream): RequestBody {
  return {
    isStream: true,
    get isIntact() {
      return stream.isIntact
    },
    next: () => stream.open() as BodyValue,
    release: () => stream.release(),
  }
}

/** Longer arrays are not copied: that would cost more than the mistake of changing one while it is being sent is worth. */
const longestCopy = 1_048_576

function snapshot(value: BodyValue): BodyValue {
  if (typeof value === 'string') return value
  if (value instanceof URLSearchParams) return new URLSearchParams(value)
  if (value instanceof ArrayBuffer) return value.byteLength > longestCopy ? value : value.slice(0)
  if (ArrayBuffer.isView(value))
    return value.byteLength > longestCopy ? value : new Uint8Array(value.buffer as ArrayBuffer, value.byteOffset, value.byteLength).slice()
  if (!(value instanceof FormData)) return value
  const copy = new FormData()
  for (const [name, entry] of value) copy.append(name, entry as string)
  return copy
}

/** All bytes of a body, for policies that look into it. Reads nothing that an attempt would miss. */
export async function bytesOf(body: RequestBody, limit: number): Promise<Uint8Array> {
  const value = body.next()
  if (value === undefined) return new Uint8Array(0)
  const stream = new Response(value).body as ReadableStream<Uint8Array>
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of stream) {
    size += chunk.byteLength
    if (size > limit) throw bodyTooLarge(limit)
    chunks.push(chunk)
  }
  return concat(chunks, size)
}
