import { Duplex, Readable } from 'node:stream'
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib'
import type { Exchange } from '../send-attempt.ts'
import type { AnswerBody } from './body.ts'
import type { AnswerFields } from './dispatcher.ts'
import { AnswerHeaders } from './headers.ts'

type Bytes = Uint8Array<ArrayBuffer>

const decoders: Readonly<Record<string, (() => Duplex) | undefined>> = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
}

/**
 * An answer that looks like a `Response` and builds nothing of one before it is asked: the platform's costs more than the whole exchange.
 */
export class DispatchedResponse {
  readonly status: number
  readonly statusText: string
  readonly url: string
  readonly type = 'basic'
  readonly redirected = false
  readonly #fields: AnswerFields
  readonly #body: AnswerBody | null
  #headers: AnswerHeaders | undefined
  #stream: ReadableStream<Uint8Array> | undefined
  #isUsed = false

  constructor(url: string, status: number, statusText: string, fields: AnswerFields, body: AnswerBody | null) {
    this.url = url
    this.status = status
    this.statusText = statusText
    this.#fields = fields
    this.#body = body
  }

  watchedBy(exchange: Exchange, idleMs: number): void {
    if (this.#body === null) exchange.release()
    else this.#body.watch(exchange, idleMs)
  }

  get ok(): boolean {
    return this.status >= 200 && this.status < 300
  }

  get headers(): AnswerHeaders {
    this.#headers ??= new AnswerHeaders(this.#fields)
    return this.#headers
  }

  get bodyUsed(): boolean {
    return this.#isUsed || (this.#stream !== undefined && Readable.isDisturbed(this.#stream as unknown as Readable))
  }

  get body(): ReadableStream<Uint8Array> | null {
    if (this.#body === null) return null
    this.#stream ??= this.#decoded(this.#raw(this.#body))
    return this.#stream
  }

  async text(): Promise<string> {
    const whole = this.#whole()
    return textOf(whole instanceof Promise ? await whole : whole)
  }

  async json(): Promise<unknown> {
    const whole = this.#whole()
    return JSON.parse(textOf(whole instanceof Promise ? await whole : whole)) as unknown
  }

  async bytes(): Promise<Bytes> {
    return new Uint8Array(await this.#whole())
  }

  async arrayBuffer(): Promise<ArrayBuffer> {
    return (await this.bytes()).buffer
  }

  async blob(): Promise<Blob> {
    return new Blob([await this.bytes()], { type: this.headers.get('content-type') ?? '' })
  }

  async formData(): Promise<FormData> {
    return new Response(await this.bytes(), { headers: { 'content-type': this.headers.get('content-type') ?? '' } }).formData()
  }

  clone(): Response {
    if (this.bodyUsed || this.#stream?.locked === true) throw new TypeError('the body of this answer is used')
    const { body, status, statusText } = this
    const [mine, other] = body === null ? [undefined, null] : body.tee()
    this.#stream = mine
    return new Response(other, { status, statusText, headers: [...this.headers] })
  }

  /** Straight from the connection while nobody has asked for the stream. */
  #whole(): Buffer | Promise<Buffer | Bytes> {
    if (this.bodyUsed || this.#stream?.locked === true) throw new TypeError('Body is unusable: it has been read')
    const raw = this.#body
    if (raw === null) return Buffer.alloc(0)
    if (this.#stream !== undefined || this.#fields['content-encoding'] !== undefined) return this.#read()
    this.#isUsed = true
    return raw.whole()
  }

  async #read(): Promise<Bytes> {
    return new Uint8Array(await new Response(this.body).arrayBuffer())
  }

  #raw(body: AnswerBody): ReadableStream<Uint8Array> {
    return new ReadableStream<Uint8Array>(
      {
        type: 'bytes',
        pull: async (controller: {
          enqueue(chunk: Uint8Array): void
          close(): void
          byobRequest: { respond(bytes: number): void } | null
        }) => {
          const chunk = await body.next()
          // A copy: a byte stream takes the memory it is given, and this is a slice of what the connection has read.
          if (chunk !== undefined) return controller.enqueue(new Uint8Array(chunk))
          controller.close()
          controller.byobRequest?.respond(0)
        },
        cancel: (reason: unknown) => {
          body.cancel(reason instanceof Error ? reason : new DOMException('the body was cancelled', 'AbortError'))
        },
      } as unknown as object,
      { highWaterMark: 0 },
    )
  }

  #decoded(raw: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
    const coded = this.headers.get('content-encoding')?.trim().toLowerCase() ?? ''
    const codings = coded.split(/\s*,\s*/).map((coding) => decoders[coding])
    // Nothing at all is no valid gzip, and is sent as such all the same. What has an unknown coding stays as it is.
    if (this.headers.get('content-length') === '0' || codings.includes(undefined)) return raw
    return codings.reduceRight(
      (stream, make) => stream.pipeThrough(Duplex.toWeb((make as () => Duplex)()) as unknown as ReadableWritablePair),
      raw,
    )
  }
}

function textOf(bytes: Buffer | Bytes): string {
  const text = Buffer.isBuffer(bytes) ? bytes.toString() : new TextDecoder().decode(bytes)
  return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text
}

interface ReadableWritablePair {
  readonly readable: ReadableStream<Uint8Array>
  readonly writable: WritableStream<Uint8Array>
}

// `instanceof Response` holds; every member is replaced above, so the platform's never meets an object it did not make.
Object.setPrototypeOf(DispatchedResponse.prototype, Response.prototype)
