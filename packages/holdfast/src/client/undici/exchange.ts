import { AnswerBody } from './body.ts'
import type { AnswerFields, DispatchController, DispatchHandler } from './dispatcher.ts'
import { DispatchedResponse } from './response.ts'

/** A body that says it is no longer than this is waited for: it then cannot break off in the hands of the caller. */
const longestWaitedFor = 65_536

/** One request and its answer. */
export class DispatchExchange implements DispatchHandler {
  readonly #url: string
  readonly #method: string
  readonly #signal: AbortSignal | undefined
  readonly #resolve: (response: Response) => void
  readonly #reject: (error: unknown) => void
  #controller: DispatchController | undefined
  #body: AnswerBody | null = null
  #waiting: DispatchedResponse | undefined

  constructor(
    { url, method }: { readonly url: string; readonly method: string },
    signal: AbortSignal | undefined,
    resolve: (response: Response) => void,
    reject: (error: unknown) => void,
  ) {
    this.#url = url
    this.#method = method
    this.#signal = signal
    this.#resolve = resolve
    this.#reject = reject
    signal?.addEventListener('abort', this)
  }

  /** The signal has aborted. */
  handleEvent(): void {
    const reason = this.#signal?.reason as Error
    this.#controller?.abort(reason)
    this.#body?.fail(reason)
    this.#reject(reason)
  }

  onRequestStart(controller: DispatchController): void {
    this.#controller = controller
    if (this.#signal?.aborted === true) controller.abort(this.#signal.reason as Error)
  }

  onResponseStart(controller: DispatchController, status: number, fields: AnswerFields, statusText = ''): void {
    // Informational answers come before the real one.
    if (status < 200) return
    const isEmpty = status === 204 || status === 205 || status === 304 || this.#method === 'HEAD'
    this.#body = isEmpty ? null : new AnswerBody(controller)
    const response = new DispatchedResponse(this.#url, status, statusText, fields, this.#body)
    if (Number(fields['content-length'] ?? Number.NaN) <= longestWaitedFor) this.#waiting = response
    else this.#resolve(response as unknown as Response)
  }

  onResponseData(_controller: DispatchController, chunk: Buffer): void {
    this.#body?.push(chunk)
  }

  onResponseEnd(): void {
    this.#signal?.removeEventListener('abort', this)
    this.#body?.end()
    if (this.#waiting !== undefined) this.#resolve(this.#waiting as unknown as Response)
  }

  onResponseError(_controller: DispatchController, error: Error): void {
    this.#signal?.removeEventListener('abort', this)
    const reason = this.#signal?.aborted === true ? (this.#signal.reason as Error) : new TypeError('fetch failed', { cause: error })
    this.#body?.fail(reason)
    this.#reject(reason)
  }
}
