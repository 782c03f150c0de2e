import { concat } from '../core/body.ts'
import { bodyIncomplete, bodyTooLarge } from '../core/errors.ts'

/** The slice of a Node stream that reading ahead needs. `node:stream` is not imported: the fetch adapters run elsewhere too. */
export interface ReadAhead {
  readonly readableLength: number
  readonly readableEnded: boolean
  readonly destroyed: boolean
  read(): unknown
  unshift(chunk: Uint8Array): void
  on(event: string, listener: (error?: unknown) => void): unknown
  off(event: string, listener: (error?: unknown) => void): unknown
}

/** The slice of an `IncomingMessage` that tells whether a body comes with it. */
export interface IncomingHead {
  readonly httpVersionMajor: number
  readonly headers: { readonly [name: string]: string | string[] | undefined }
}

const nothing = new Uint8Array(0)

/** Whether a request may have a body (RFC 9112 section 6.3; HTTP/2 needs no length for one). */
export function mayHaveBody({ headers, httpVersionMajor }: IncomingHead): boolean {
  if (headers['transfer-encoding'] !== undefined) return true
  const length = headers['content-length']
  return length === undefined ? httpVersionMajor >= 2 : length !== '0'
}

/** Reads the body of a request ahead of its handler, without reading any of it when its declared length is over the limit. */
export async function readBodyAhead(request: IncomingHead & ReadAhead, limit: number): Promise<Uint8Array> {
  if (!mayHaveBody(request)) return nothing
  if (Number(request.headers['content-length'] ?? 0) > limit) throw bodyTooLarge(limit)
  // A small body mostly comes in one piece with its head, and is all there once the parser is through with that, which it is before any promise goes on.
  // Nothing is missed meanwhile: a request of HTTP/1.1 emits no error that nobody listens for.
  if (request.httpVersionMajor === 1) await Promise.resolve()
  return readAhead(request, limit)
}

/**
 * Reads a stream to its end and puts everything back, so that whoever reads it next finds it untouched. Over `limit` bytes it
 * rejects with `body-too-large`, and what was read is put back as well.
 */
export function readAhead(stream: ReadAhead, limit: number): Promise<Uint8Array> {
  if (stream.destroyed) return Promise.reject(bodyIncomplete())
  return new Promise((resolve, reject) => {
    const chunks: Uint8Array[] = []
    let size = 0
    const onReadable = (): void => {
      // Never read() at the end: that schedules 'end', after which nothing can be put back.
      while (stream.readableLength > 0) {
        const chunk = toBytes(stream.read())
        chunks.push(chunk)
        size += chunk.byteLength
      }
      if (size > limit) settle(bodyTooLarge(limit))
      else if (hasEnded(stream)) settle()
    }
    const onBroken = (error?: unknown): void => settle(bodyIncomplete(error))
    const settle = (error?: Error): void => {
      stream.off('readable', onReadable)
      stream.off('error', onBroken)
      stream.off('close', onBroken)
      const bytes = concat(chunks, size)
      if (size > 0 && !stream.destroyed) stream.unshift(bytes)
      if (error === undefined) resolve(bytes)
      else reject(error)
    }
    // With nothing to wait for, listening would only cost, and set off 'end', which the next reader needs to see.
    if (hasEnded(stream)) return onReadable()
    stream.on('readable', onReadable)
    stream.on('error', onBroken)
    stream.on('close', onBroken)
  })
}

/** Whether everything has arrived. Not public in Node, where `readableEnded` says that everything was read. */
function hasEnded(stream: ReadAhead): boolean {
  return (stream as { _readableState?: { ended?: boolean } })._readableState?.ended ?? stream.readableEnded
}

const encoder = new TextEncoder()

function toBytes(chunk: unknown): Uint8Array {
  return typeof chunk === 'string' ? encoder.encode(chunk) : (chunk as Uint8Array)
}
