import { captureBody, mapBody } from '../../core/body.ts'
import type { Body, BodyMap, LiveBody } from '../../core/body.ts'
import { bodyIncomplete } from '../../core/errors.ts'
import type { Fields } from '../../core/fields.ts'
import type { Reply } from '../../core/reply.ts'

/** What `new Response` takes. */
export type ResponseBody = ConstructorParameters<typeof Response>[0]

/** A handler's `Response`, as a policy sees it: captured or not, it can be sent on. */
export class LiveResponse implements Reply {
  readonly status: number
  readonly headers: Fields
  readonly body: LiveBody = { capture: (limit) => this.#capture(limit), map: (map) => this.#map(map) }
  readonly #response: Response
  #rest: Body | undefined

  constructor(response: Response) {
    this.status = response.status
    this.headers = response.headers
    this.#response = response
  }

  /** Whether the handler's own response can still be sent. */
  get isUntouched(): boolean {
    return this.#rest === undefined
  }

  /** The response to send: the handler's own, unless its body had to be read. */
  toResponse(): Response {
    return this.#rest === undefined ? this.#response : new Response(this.toBody(), this.#response)
  }

  toBody(): ResponseBody {
    return (this.#rest === undefined ? this.#response.body : this.#rest) as ResponseBody
  }

  #map(map: BodyMap): void {
    this.#rest = mapBody(this.#rest ?? (this.#response.body as ReadableStream<Uint8Array> | null), map)
  }

  async #capture(limit: number): Promise<Uint8Array | undefined> {
    if (Number(this.headers.get('content-length') ?? 0) > limit) return undefined
    const { body, bytes } = await captureBody(this.#rest ?? (this.#response.body as ReadableStream<Uint8Array> | null), limit)
    this.#rest = body
    return bytes
  }
}

/** The reply of a handler that ran with nothing installed: its body belongs to the client alone. */
export async function goneResponse(response: Promise<Response>): Promise<Reply> {
  const { status, headers } = await response
  const capture = (): Promise<never> => Promise.reject(bodyIncomplete(new Error('the answer was sent before it was captured')))
  return { status, headers, body: { capture } }
}
