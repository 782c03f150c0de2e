import { bodyIncomplete } from './errors.ts'

/**
 * A body that a framework is still producing. An adapter lets it flow to the socket unbuffered, unless a policy captures it:
 * then it is held until it is whole or longer than the limit.
 */
export interface LiveBody {
  /**
   * Has the body pass through `map` on its way to the socket, chunk by chunk, unbuffered. Once for a body, and after it was captured, if it
   * is. A map that throws breaks the body off.
   */
  map?(map: BodyMap): void
  /** The whole body, or `undefined` when it is longer than `limit` bytes; it then flows on, nothing lost. Rejects when it breaks off. */
  capture(limit: number): Promise<Uint8Array | undefined>
}

/** Makes other bytes of a body while it passes. */
export interface BodyMap {
  /** What leaves for a chunk; may be nothing. @throws to break the body off */
  chunk(bytes: Uint8Array): Uint8Array
  /** What leaves at the end. */
  end(): Uint8Array
}

/** The body of a reply. `null` is no body; a fetch `Response`'s body is one. */
export type Body = Uint8Array | string | ReadableStream<Uint8Array> | LiveBody | null

const encoder = new TextEncoder()
const nothing = new Uint8Array(0)

/** Tells a live body from the other kinds. */
export function isLiveBody(body: Body): body is LiveBody {
  return typeof body === 'object' && body !== null && 'capture' in body
}

/** A body and its bytes, when they fit. `body` is what must be sent on: a stream that was read cannot be read again. */
export interface Captured {
  readonly body: Body
  readonly bytes: Uint8Array | undefined
}

/**
 * Reads a body up to `limit` bytes. A longer one comes back whole in `body`, with `bytes` undefined.
 *
 * @example
 * const { body, bytes } = await captureBody(reply.body, 1_048_576)
 */
export async function captureBody(body: Body, limit: number): Promise<Captured> {
  if (body === null) return { body, bytes: nothing }
  if (typeof body === 'string') return within(encoder.encode(body), limit)
  if (body instanceof Uint8Array) return within(body, limit)
  if (isLiveBody(body)) return { body, bytes: await body.capture(limit) }
  return captureStream(body, limit)
}

/**
 * A body that passes through a map while it is sent. `undefined` for a live body whose adapter cannot do it.
 *
 * @example
 * const body = mapBody(reply.body, mapLines(translate))
 */
export function mapBody(body: Body, map: BodyMap): Body | undefined {
  if (body === null) return body
  if (typeof body === 'string' || body instanceof Uint8Array) {
    const chunk = map.chunk(typeof body === 'string' ? encoder.encode(body) : body)
    const end = map.end()
    return concat([chunk, end], chunk.byteLength + end.byteLength)
  }
  if (!isLiveBody(body)) return body.pipeThrough(mapStream(map))
  if (body.map === undefined) return undefined
  body.map(map)
  return body
}

/** A map as a stream's transformation. */
export function mapStream(map: BodyMap): TransformStream<Uint8Array, Uint8Array> {
  const send = (bytes: Uint8Array, controller: TransformStreamDefaultController<Uint8Array>): void => {
    if (bytes.byteLength > 0) controller.enqueue(bytes)
  }
  return new TransformStream({
    transform: (bytes, controller) => send(map.chunk(bytes), controller),
    flush: (controller) => send(map.end(), controller),
  })
}

function within(bytes: Uint8Array, limit: number): Captured {
  return { body: bytes, bytes: bytes.byteLength <= limit ? bytes : undefined }
}

async function captureStream(stream: ReadableStream<Uint8Array>, limit: number): Promise<Captured> {
  const reader = stream.getReader()
  const chunks: Uint8Array[] = []
  let size = 0
  while (size <= limit) {
    const { done, value } = await reader.read().catch((error: unknown) => {
      throw bodyIncomplete(error)
    })
    if (done) {
      const bytes = concat(chunks, size)
      return { body: bytes, bytes }
    }
    chunks.push(value)
    size += value.byteLength
  }
  return { body: continued(chunks, reader), bytes: undefined }
}

function continued(chunks: Uint8Array[], reader: ReadableStreamDefaultReader<Uint8Array>): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const held = chunks.shift()
      if (held !== undefined) return controller.enqueue(held)
      const { done, value } = await reader.read()
      if (done) controller.close()
      else controller.enqueue(value)
    },
    cancel: (reason) => reader.cancel(reason),
  })
}

/** Joins chunks of known total size into one array; a single chunk is returned as it is. */
export function concat(chunks: readonly Uint8Array[], size: number): Uint8Array {
  const only = chunks[0]
  if (chunks.length === 1 && only !== undefined) return only
  const whole = new Uint8Array(size)
  let at = 0
  for (const chunk of chunks) {
    whole.set(chunk, at)
    at += chunk.byteLength
  }
  return whole
}
