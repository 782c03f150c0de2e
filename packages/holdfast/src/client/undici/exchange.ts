import type { Ending } from '../own-transport.ts'
import { isRedirect } from '../redirects.ts'
import { AnswerBody } from './body.ts'
import type { AnswerFields, DispatchController, DispatchHandler } from './dispatcher.ts'
import { DispatchedResponse } from './response.ts'

/** A body that says it is no longer than this is waited for: it then cannot break off in the hands of the caller. */
const longestWaitedFor = 65_536

/** What is sent. */
export interface Asked {
  readonly input: string | URL | Request
  readonly init: RequestInit
  /** The header fields in place of those of `init`. */
  readonly lines: string[] | undefined
  /** How many of the lines were given: what describes this body is added, and may not hold for that of a further request. */
  readonly given: number
  readonly ending: Ending | undefined
  /** Goes where a redirect leads; absent where the answer itself is wanted. */
  readonly onward: ((asked: Asked, mode: string, first: Response) => Promise<Response>) | undefined
}

/** One request and its answer. */
export class DispatchExchange implements DispatchHandler {
  readonly #url: string
  readonly #method: string
  readonly #asked: Asked
  readonly #ending: Ending | undefined
  readonly #resolve: (response: Response | Promise<Response>) => void
  readonly #reject: (error: unknown) => void
  #controller: DispatchController | undefined
  #body: AnswerBody | null = null
  #waiting: DispatchedResponse | undefined

  constructor(
    url: string,
    method: string,
    asked: Asked,
    ending: Ending | undefined,
    resolve: (response: Response | Promise<Response>) => void,
    reject: (error: unknown) => void,
  ) {
    this.#url = url
    this.#method = method
    this.#asked = asked
    this.#ending = ending
    this.#resolve = resolve
    this.#reject = reject
    if (ending !== undefined) ending.sender = this
  }

  /** It is ended from outside. */
  abort(reason: Error): void {
    this.#release()
    this.#controller?.abort(reason)
    this.#body?.fail(reason)
    this.#reject(reason)
  }

  /** It could not be begun. */
  refuse(error: unknown): void {
    this.#release()
    this.#reject(error)
  }

  onRequestStart(controller: DispatchController): void {
    this.#controller = controller
    const reason = this.#ending?.reason
    if (reason !== undefined) controller.abort(reason)
  }

  onResponseStart(controller: DispatchController, status: number, fields: AnswerFields, statusText = ''): void {
    // Informational answers come before the real one.
    if (status < 200) return
    const isEmpty = status === 204 || status === 205 || status === 304 || this.#method === 'HEAD'
    this.#body = isEmpty ? null : new AnswerBody(controller)
    const response = new DispatchedResponse(this.#url, status, statusText, fields, this.#body)
    if (Number(fields['content-length'] ?? Number.NaN) <= longestWaitedFor) this.#waiting = response
    else this.#settle(response)
  }

  onResponseData(_controller: DispatchController, chunk: Buffer): void {
    this.#body?.push(chunk)
  }

  onResponseEnd(): void {
    this.#release()
    this.#body?.end()
    if (this.#waiting !== undefined) this.#settle(this.#waiting)
  }

  onResponseError(_controller: DispatchController, error: Error): void {
    this.#release()
    const reason = this.#ending?.reason ?? new TypeError('fetch failed', { cause: error })
    this.#body?.fail(reason)
    this.#reject(reason)
  }

  #settle(answer: DispatchedResponse): void {
    const response = answer as unknown as Response
    const { input, init, onward } = this.#asked
    if (onward === undefined || !isRedirect(response.status)) return this.#resolve(response)
    const mode = init.redirect ?? (input instanceof Request ? input.redirect : 'follow')
    // Not at once: the dispatcher is in the midst of this answer, which is given up for the next one.
    this.#resolve(mode === 'manual' ? response : Promise.resolve().then(() => onward(this.#asked, mode, response)))
  }

  #release(): void {
    // It may be that of the next request already, after a redirect.
    if (this.#ending?.sender === this) this.#ending.sender = undefined
  }
}
