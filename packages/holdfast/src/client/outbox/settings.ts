import { configurationError, waitingClock } from '../../core/index.ts'
import type { Clock, Random } from '../../core/index.ts'
import { complete } from '../../retry/complete.ts'
import type { FetchLike } from '../fetch-like.ts'
import { newKey } from '../new-key.ts'
import type { Entry } from './entry.ts'
import type { Secrets } from './request.ts'
import type { OutboxStore } from './store.ts'

/** How an outbox is made. */
export interface OutboxOptions {
  /** Where entries are kept: `sqliteOutbox`, `postgresOutbox`, `indexedDbOutbox`, `memoryOutbox`. */
  readonly store: OutboxStore
  /** What sends them. One made by `createFetch` repeats within a send; the outbox does so over hours. @default the platform's */
  readonly fetch?: FetchLike
  /** Fields that are added at each send and never kept: credentials. */
  readonly authorize?: (entry: Entry) => Readonly<Record<string, string>> | Promise<Readonly<Record<string, string>>>
  /** What becomes of fields and parameters that look like credentials. @default 'refuse' */
  readonly secrets?: Secrets
  /** How long a send may go without a sign of life before another worker takes it over, milliseconds. @default 30_000 */
  readonly leaseMs?: number
  /** The time of one send, milliseconds. @default 60_000 */
  readonly sendTimeoutMs?: number
  /**
   * How long servers keep a key at least, milliseconds. An entry first sent longer ago becomes `unknown`, since one more send might be a second
   * effect. @default 82_800_000 (23 h, because 24 are usual)
   */
  readonly keyLifetimeMs?: number
  /** How many entries are sent at once. @default 4 */
  readonly concurrency?: number
  /** The longest body, bytes. @default 1_048_576 */
  readonly maxBodyBytes?: number
  /** The most entries that may wait; more get `outbox-full`. @default 10_000 */
  readonly maxOpen?: number
  /** How long what is done is remembered, so that the same intent is not sent again, milliseconds. @default 604_800_000 (7 d) */
  readonly keepDoneMs?: number
  readonly clock?: Clock
  readonly random?: Random
  readonly newKey?: () => string
  /** Makes the name of this worker in leases. @default crypto.randomUUID */
  readonly newOwner?: () => string
}

/** Options with every default filled in. */
export type OutboxSettings = Required<Omit<OutboxOptions, 'authorize' | 'newOwner'>> & {
  readonly authorize: NonNullable<OutboxOptions['authorize']>
  readonly owner: string
}

/**
 * Fills in defaults and refuses what cannot work.
 *
 * @throws HoldfastError `configuration-invalid`
 */
export function toOutboxSettings(options: OutboxOptions): OutboxSettings {
  const { clock = waitingClock, secrets = 'refuse', newOwner = () => crypto.randomUUID() } = options
  if (secrets !== 'refuse' && secrets !== 'strip')
    throw configurationError(`secrets: expected refuse or strip, got ${JSON.stringify(secrets)}`)
  return complete(
    {
      fetch: (input: string, init?: RequestInit) => globalThis.fetch(input, init),
      authorize: () => ({}),
      leaseMs: 30_000,
      sendTimeoutMs: 60_000,
      keyLifetimeMs: 23 * 3_600_000,
      concurrency: 4,
      maxBodyBytes: 1_048_576,
      maxOpen: 10_000,
      keepDoneMs: 7 * 86_400_000,
      random: Math.random,
      newKey: () => newKey(clock.now()),
    },
    { ...options, clock, secrets, owner: newOwner() },
    1,
  )
}
