import type { Policy } from '../core/policy.ts'
import { stack } from '../core/policy.ts'
import type { RetryOptions } from '../retry/options.ts'
import { retry } from '../retry/policy.ts'
import { attemptTimeout } from './attempt-timeout.ts'
import { bodyWatch } from './body-watch.ts'
import { deadline } from './deadline.ts'
import type { DeadlineOptions } from './deadline.ts'
import { fetchThrough } from './fetch-through.ts'
import type { FetchThroughOptions } from './fetch-through.ts'
import { breaker } from './health/breaker.ts'
import { endpoints } from './health/endpoints.ts'
import type { HealthOptions } from './health/shared.ts'
import { hedge } from './hedge.ts'
import type { HedgeOptions } from './hedge.ts'
import { idempotencyKey } from './idempotency-key.ts'
import { pace } from './pacing/policy.ts'
import type { PaceOptions } from './pacing/policy.ts'
import { followRedirects } from './redirects.ts'
import { replayStreams } from './replay-stream.ts'
import type { ReplayLimits } from './replay-stream.ts'
import { attemptTelemetry, callTelemetry, tell } from './telemetry.ts'
import type { TelemetryOptions } from './telemetry.ts'
import { trustOrigins } from './trust.ts'
import type { Fetch } from './types.ts'

/** What a client does for its calls. All of it has defaults. */
export interface ClientOptions
  extends
    Omit<FetchThroughOptions, 'keepStream' | 'watch'>,
    ReplayLimits,
    RetryOptions,
    DeadlineOptions,
    Omit<PaceOptions, 'clock'>,
    TelemetryOptions {
  /** The time for the head of one answer, milliseconds. @default 10_000 */
  readonly attemptTimeoutMs?: number
  /** How long the body of an answer may make no progress while all of it is being read, milliseconds. @default 10_000 */
  readonly bodyIdleMs?: number
  /** Methods that get an idempotency key. @default ['POST', 'PATCH'] */
  readonly keyedMethods?: readonly string[]
  /** Makes idempotency keys. @default UUIDv7 */
  readonly newKey?: () => string
  /** Whether calls keep to the pace that the server's RateLimit fields set. @default true */
  readonly pace?: boolean
  /** Sends a second request beside a slow one. @default off */
  readonly hedge?: boolean | HedgeOptions
  /** Sends nothing for a while to an origin that fails all the time. `endpoints` have their own. @default off */
  readonly breaker?: boolean | HealthOptions
  /** Base URLs of servers of one API, the preferred one first; a call to one of them goes to whichever works. */
  readonly endpoints?: readonly string[]
  /** Whether all endpoints know the same idempotency keys. @default false */
  readonly sharedKeys?: boolean
  /** Policies of one's own, round each attempt. */
  readonly use?: readonly Policy[]
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
  const { keyedMethods: methods, fetch, clock, random, endpoints: urls, use = [] } = options
  const shared = { ...(clock && { clock }), ...(random && { random }) }
  const own = { ...options, ...(urls && !options.trust && { trust: trustOrigins(urls) }) }
  const optional = <Options extends object>(make: (given: Options) => Policy, given: boolean | Options | undefined): Policy[] =>
    given ? [make({ ...shared, ...(given as Options) })] : []
  return fetchThrough(
    stack(
      callTelemetry(options),
      deadline(options),
      idempotencyKey({ ...own, ...(methods && { methods }) }),
      retry({ ...options, onRetry: tell('retry', options.onRetry), onStop: tell('stop', options.onStop) }),
      ...optional((given: HedgeOptions) => hedge({ ...given, onHedge: tell('hedge', given.onHedge) }), options.hedge),
      ...optional((given: HealthOptions) => breaker({ ...given, onEject: tell('ejection', given.onEject) }), options.breaker),
      ...(options.pace === false ? [] : [pace(options)]),
      ...(urls === undefined
        ? []
        : [endpoints({ ...shared, endpoints: urls, sharedKeys: options.sharedKeys ?? false, onEject: tell('ejection', undefined) })]),
      attemptTimeout(options),
      ...use,
      attemptTelemetry(options),
    ),
    {
      ...own,
      fetch: followRedirects(fetch ?? ((input, init) => globalThis.fetch(input, init))),
      keepStream: replayStreams(options),
      watch: bodyWatch(options),
    },
  )
}
