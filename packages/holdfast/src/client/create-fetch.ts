import { stack } from '../core/policy.ts'
import { retry } from '../retry/policy.ts'
import type { RetryOptions } from '../retry/options.ts'
import { attemptTimeout } from './attempt-timeout.ts'
import { deadline } from './deadline.ts'
import type { DeadlineOptions } from './deadline.ts'
import { fetchThrough } from './fetch-through.ts'
import type { FetchThroughOptions } from './fetch-through.ts'
import { idempotencyKey } from './idempotency-key.ts'
import type { IdempotencyKeyOptions } from './idempotency-key.ts'
import type { Fetch } from './types.ts'

/** What a client does for its calls. All of it has defaults. */
export interface ClientOptions extends FetchThroughOptions, RetryOptions, DeadlineOptions {
  /** The time for the head of one answer, milliseconds. @default 10_000 */
  readonly attemptTimeoutMs?: number
  /** Methods that get an idempotency key. @default ['POST', 'PATCH'] */
  readonly keyedMethods?: readonly string[]
  /** Makes idempotency keys. @default UUIDv7 */
  readonly newKey?: IdempotencyKeyOptions['newKey']
}

/**
 * Makes a `fetch` that survives: it repeats what may be repeated, never has an effect twice, and says so when an outcome is unknown. A
 * drop-in for the platform's `fetch`: a 4xx or 5xx is returned, not thrown, and what a call may ask for goes into `init.holdfast`.
 *
 * @throws HoldfastError `configuration-invalid` for an option that cannot work. Calls reject with what `fetch` rejects with, with
 * `deadline-exceeded`, `attempt-timeout` or `body-idle`, and with `OutcomeUnknown` where an effect may or may not have happened
 * @example
 * const fetch = createFetch()
 * const response = await fetch('https://api.example/transfers', { method: 'POST', body: JSON.stringify(transfer) })
 */
export function createFetch(options: ClientOptions = {}): Fetch {
  const { attemptTimeoutMs, keyedMethods, newKey, trust, clock } = options
  return fetchThrough(
    stack(
      deadline(options),
      idempotencyKey({
        ...(keyedMethods && { methods: keyedMethods }),
        ...(newKey && { newKey }),
        ...(trust && { trust }),
        ...(clock && { clock }),
      }),
      retry(options),
      attemptTimeout(attemptTimeoutMs === undefined ? {} : { timeoutMs: attemptTimeoutMs }),
    ),
    options,
  )
}
