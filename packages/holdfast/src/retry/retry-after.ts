/** The three forms of an HTTP date, the last of which does not say that it is GMT. `Date.parse` reads all of them, and far more. */
const httpDate =
  /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun)([a-z]*, \d\d[ -][A-Z][a-z]{2}[ -](\d\d)?\d\d \d\d:\d\d:\d\d GMT| [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4})$/

/**
 * Reads an HTTP date in any of its three forms (RFC 9110 section 5.6.7): milliseconds since the epoch, or `undefined`.
 */
export function parseHttpDate(text: string): number | undefined {
  const at = httpDate.test(text) ? Date.parse(text.endsWith('GMT') ? text : `${text} GMT`) : Number.NaN
  return Number.isNaN(at) ? undefined : at
}

/**
 * How long a Retry-After field asks to wait (RFC 9110 section 10.2.3), milliseconds; `undefined` when it asks for nothing. Seconds may have
 * decimals, which some servers send. A date counts from the answer's own Date, so that no clock needs to be right; without one from `now`.
 * What is past, zero or no valid value asks for nothing.
 *
 * @example
 * parseRetryAfter('2', null, Date.now()) // 2000
 */
export function parseRetryAfter(value: string | null, date: string | null, now: number): number | undefined {
  if (value === null) return undefined
  const text = value.trim()
  const ms = /^\d{1,12}(\.\d+)?$/.test(text) ? Number(text) * 1_000 : untilDate(text, date, now)
  return ms !== undefined && ms > 0 ? ms : undefined
}

function untilDate(text: string, date: string | null, now: number): number | undefined {
  const at = parseHttpDate(text)
  return at === undefined ? undefined : at - ((date === null ? undefined : parseHttpDate(date)) ?? now)
}
