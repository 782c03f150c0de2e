/** At most a day, in milliseconds: more is no deadline. */
const wholeNumber = /^\d{1,8}$/

/**
 * Reads a Holdfast-Timeout field: milliseconds the caller still waits, counted from when it sent the request, so that no clocks need to agree.
 * `undefined` for anything else; a field that cannot be read must not end a call.
 *
 * @example
 * parseTimeout('1500') // 1500
 */
export function parseTimeout(value: string | null): number | undefined {
  return value !== null && wholeNumber.test(value) ? Number(value) : undefined
}

/** Reads a Holdfast-Attempt field: which attempt of its caller's a request is, from 1. */
export function parseAttempt(value: string | null): number | undefined {
  return value !== null && /^[1-9]\d{0,3}$/.test(value) ? Number(value) : undefined
}
