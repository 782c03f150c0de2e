/** What an undici `Agent`, `Pool` or `Client` offers (version 7 or newer); nothing of it is imported. */
export interface Dispatcher {
  // A method, so that undici's own types of its options, which are narrower, fit.
  dispatch(options: never, handler: DispatchHandler): unknown
}

/** What is asked of a dispatcher. */
export interface DispatchOptions {
  readonly origin: string
  readonly path: string
  readonly method: string
  readonly headers: string[]
  readonly body: string | Uint8Array | ReadableStream<Uint8Array> | undefined
}

/** Steers one exchange. */
export interface DispatchController {
  abort(reason: Error): void
  pause(): void
  resume(): void
}

/** The fields of an answer, by lower-case names. */
export type AnswerFields = Readonly<Record<string, string | string[] | undefined>>

/** What a dispatcher calls. */
export interface DispatchHandler {
  onRequestStart(controller: DispatchController): void
  onResponseStart(controller: DispatchController, status: number, fields: AnswerFields, statusText?: string): void
  onResponseData(controller: DispatchController, chunk: Buffer): void
  onResponseEnd(): void
  onResponseError(controller: DispatchController, error: Error): void
}
