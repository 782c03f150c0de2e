import { waitingClock } from '../core/clock.ts'
import type { Clock } from '../core/clock.ts'
import { configurationError } from '../core/errors.ts'
import { beforeCall } from '../core/policy.ts'
import type { Policy } from '../core/policy.ts'
import { optionsOf } from './call-options.ts'
import { withField } from './call-fields.ts'
import { newKey as makeKey } from './new-key.ts'
import { trustAll } from './trust.ts'
import type { Trust } from './trust.ts'

/** How keys are made and where they go. */
export interface IdempotencyKeyOptions {
  /** Methods that get a key. Others keep one that they were given. @default ['POST', 'PATCH'] */
  readonly methods?: readonly string[]
  /** Makes a key. @default a UUIDv7 */
  readonly newKey?: () => string
  /** Which origins get the header. @default all; in a browser that of the page, since another one would have to permit it first */
  readonly trust?: Trust
  readonly clock?: Clock
}

const header = 'idempotency-key'

/** What a quoted string may hold (RFC 9651 section 3.3.3) without escapes. */
const sendable = /^[\x21\x23-\x5b\x5d-\x7e]{1,255}$/

/**
 * Gives each logical call one idempotency key, made before its first attempt and kept over all of them. A header that the caller has set
 * itself is left alone.
 *
 * @throws HoldfastError `configuration-invalid` for a key that cannot be sent
 * @example
 * const policy = stack(idempotencyKey(), retry())
 */
export function idempotencyKey(options: IdempotencyKeyOptions = {}): Policy {
  const { methods = ['POST', 'PATCH'], clock = waitingClock, trust = trustAll, newKey = () => makeKey(clock.now()) } = options
  return beforeCall((call) => {
    const wanted = optionsOf(call).key
    if (wanted === false || (wanted === undefined && !methods.includes(call.method))) return call
    if (call.headers.has(header) || (wanted === undefined && !trust(call.url))) return call
    const key = wanted ?? newKey()
    if (!sendable.test(key)) throw configurationError(`key: expected 1 to 255 visible ASCII characters without " and \\, got ${key.length}`)
    return call.with({ headers: withField(call.headers, header, `"${key}"`) })
  })
}

/** The key a call carries, without its quotes. */
export function keyOf(call: { readonly headers: { get(name: string): string | null } }): string | undefined {
  const value = call.headers.get(header)
  return value === null ? undefined : value.replace(/^"(.*)"$/, '$1')
}
