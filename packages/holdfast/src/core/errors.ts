import type { ErrorCode } from './catalogue.ts'

const brand = Symbol.for('holdfast.error')

/**
 * An error of Holdfast's own: a stable `code`, and a brand that survives two copies of the package in one process.
 * A refusal is a reply, not an error; errors mean a bug, a broken dependency or an unsafe configuration.
 *
 * @example
 * if (isHoldfastError(error) && error.code === 'store-unavailable') retryLater()
 */
export class HoldfastError extends Error {
  readonly code: ErrorCode

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'HoldfastError'
    this.code = code
  }
}

Object.defineProperty(HoldfastError.prototype, brand, { value: true })

/** Tells whether a value is an error of Holdfast's, from whichever copy of the package. */
export function isHoldfastError(value: unknown): value is HoldfastError {
  return typeof value === 'object' && value !== null && brand in value
}

/** A configuration that is refused when it is made, never at a request. The message says what was expected and what came. */
export function configurationError(message: string): HoldfastError {
  return new HoldfastError('configuration-invalid', message)
}

/** The store could not be reached, or did not answer in time. Carries the driver's error as `cause`, which no reply ever shows. */
export function storeUnavailable(message: string, cause?: unknown): HoldfastError {
  return new HoldfastError('store-unavailable', message, cause === undefined ? undefined : { cause })
}

/** A body was longer than its reader allows. */
export function bodyTooLarge(limit: number): HoldfastError {
  return new HoldfastError('body-too-large', `the body is longer than the ${limit} bytes this route accepts`)
}

/** A reply's body ended before it was whole: its producer failed, or its receiver went away. */
export function bodyIncomplete(cause?: unknown): HoldfastError {
  return new HoldfastError('body-incomplete', 'the body ended before it was whole', cause === undefined ? undefined : { cause })
}
