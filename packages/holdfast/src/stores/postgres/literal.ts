/**
 * Values as SQL text. Everything the store says goes as literals in one message of the simple protocol: several statements need
 * one wait, every driver sends it the same way, and poolers in transaction mode need no prepared statements.
 *
 * No byte of a value is ever quoted as it came unless it is on a short list of harmless characters; the rest goes as hex.
 */
const harmless = /^[A-Za-z0-9._:~/+=-]*$/

/** A text literal. */
export function text(value: string): string {
  if (harmless.test(value)) return `'${value}'`
  return `convert_from(${bytes(Buffer.from(value, 'utf8'))}, 'UTF8')`
}

/** A `bytea` literal. The E form means the same whatever `standard_conforming_strings` is. */
export function bytes(value: Uint8Array): string {
  return `E'\\\\x${Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('hex')}'::bytea`
}

/** A number literal, or `NULL`. */
export function number(value: number | undefined): string {
  if (value === undefined) return 'NULL'
  if (!Number.isFinite(value)) throw new TypeError(`expected a finite number, got ${value}`)
  return value < 0 ? `(${value})` : String(value)
}

// Postgres's calendar ends in 294276; a century is "for ever" to an idempotency key.
const longestMs = 3_155_760_000_000

/** A span of milliseconds, cut to a century so that an instant in the far future cannot overflow. */
export function span(valueMs: number): string {
  return number(Math.min(valueMs, longestMs))
}

/** A quoted identifier. */
export function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}
