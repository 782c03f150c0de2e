import { Transform } from 'node:stream'
import type { Readable } from 'node:stream'
import { captureBody, mapBody } from '../../core/body.ts'
import type { BodyMap, LiveBody } from '../../core/body.ts'
import { isHoldfastError } from '../../core/errors.ts'
import type { Fields } from '../../core/fields.ts'
import type { Reply } from '../../core/reply.ts'
import { readAhead } from '../request-body.ts'
import { toReadable } from './payload.ts'
import type { FastifyReply } from './types.ts'

/** Fastify's answer as a policy sees it, at the moment before it is sent. */
export class LiveFastifyReply implements Reply {
  readonly status: number
  readonly headers: Fields
  readonly body: LiveBody = { capture: (limit) => this.#capture(limit), map: (map) => this.#map(map) }
  /** What is to be sent on: a stream that was read is another one. */
  payload: unknown

  constructor(reply: FastifyReply, payload: unknown) {
    this.status = reply.raw.statusCode
    this.headers = new FastifyFields(reply)
    this.payload = payload
  }

  #map(map: BodyMap): void {
    const { payload } = this
    if (payload === undefined || payload === null) return
    if (typeof payload === 'string' || payload instanceof Uint8Array) this.payload = Buffer.from(mapBody(payload, map) as Uint8Array)
    else if (payload instanceof ReadableStream) this.payload = mapBody(payload as ReadableStream<Uint8Array>, map)
    else this.payload = mapReadable(toReadable(payload), map)
  }

  async #capture(limit: number): Promise<Uint8Array | undefined> {
    const { payload } = this
    if (payload === undefined || payload === null) return new Uint8Array(0)
    if (typeof payload === 'string' || payload instanceof Uint8Array) {
      const bytes = typeof payload === 'string' ? Buffer.from(payload) : payload
      return bytes.byteLength <= limit ? bytes : undefined
    }
    if (Number(this.headers.get('content-length') ?? 0) > limit) return undefined
    if (payload instanceof ReadableStream) {
      const { body, bytes } = await captureBody(payload as ReadableStream<Uint8Array>, limit)
      this.payload = bytes === undefined ? body : Buffer.from(bytes)
      return bytes
    }
    return this.#captureReadable(toReadable(payload), limit)
  }

  async #captureReadable(stream: Readable, limit: number): Promise<Uint8Array | undefined> {
    this.payload = stream
    try {
      return await readAhead(stream, limit)
    } catch (error) {
      if (isHoldfastError(error) && error.code === 'body-too-large') return undefined
      throw error
    }
  }
}

function mapReadable(stream: Readable, map: BodyMap): Readable {
  const attempt = (run: () => Uint8Array, done: (error?: Error | null, bytes?: Uint8Array) => void): void => {
    let bytes: Uint8Array
    try {
      bytes = run()
    } catch (error) {
      return done(error as Error)
    }
    done(null, bytes)
  }
  const mapped = new Transform({
    transform: (chunk: Uint8Array | string, _encoding, done) => attempt(() => map.chunk(Buffer.from(chunk as string)), done),
    flush: (done) => attempt(() => map.end(), done),
  })
  stream.on('error', (error) => mapped.destroy(error))
  mapped.on('close', () => stream.destroy())
  return stream.pipe(mapped)
}

class FastifyFields implements Fields {
  readonly #reply: FastifyReply

  constructor(reply: FastifyReply) {
    this.#reply = reply
  }

  get(name: string): string | null {
    const value = this.#reply.getHeader(name)
    if (value === undefined) return null
    return Array.isArray(value) ? value.join(', ') : String(value)
  }

  has(name: string): boolean {
    return this.get(name) !== null
  }

  getSetCookie(): string[] {
    const value = this.#reply.getHeader('set-cookie')
    if (value === undefined) return []
    return Array.isArray(value) ? [...value] : [String(value)]
  }

  *[Symbol.iterator](): IterableIterator<[string, string]> {
    for (const name of Object.keys(this.#reply.getHeaders())) {
      if (name === 'set-cookie') for (const cookie of this.getSetCookie()) yield [name, cookie]
      else yield [name, this.get(name) ?? '']
    }
  }
}

/** The head of Fastify's answer, for those who need no more of it. */
export function headOf(reply: FastifyReply): Reply {
  return { status: reply.raw.statusCode, headers: new FastifyFields(reply), body: null }
}
