import type { RetryBudget } from '../../retry/budget.ts'
import type { Clock, Random } from '../../core/index.ts'
import { configurationError, waitingClock } from '../../core/index.ts'
import { complete } from '../../retry/complete.ts'
import { newKey } from '../new-key.ts'
import type { Json } from './merge-patch.ts'
import { entityTags } from './version.ts'
import type { Versioning } from './version.ts'

/** What the function of an update is told besides the value. */
export interface UpdateContext {
  /** Which version is being tried, from 1. */
  readonly attempt: number
  /** The version, as `If-Match` will name it. */
  readonly version: string | undefined
  readonly signal: AbortSignal
}

/** How an update is made. */
export interface UpdateOptions<T = unknown> {
  /**
   * How many versions are tried before a `ConflictError`. Eight clients that do nothing but update one resource lose one update in twenty
   * with 8, and none with 12; of a hundred that do so once some need 13.
   *
   * @default 16
   */
  readonly attempts?: number
  /** Milliseconds for everything, waits included. @default 30_000 */
  readonly deadlineMs?: number
  /** A merge patch with what changed, or the whole value. A whole value needs a server that takes back all it showed. @default 'PATCH' */
  readonly method?: 'PATCH' | 'PUT'
  /**
   * `'threeWay'` calls the function once, and brings its change into each newer version; a change of the same member by somebody else is a
   * `ConflictError` with `paths`. For values that a person edited. Without it the function is called again for each newer version.
   */
  readonly merge?: 'threeWay'
  /** Where the version is. @default entityTags */
  readonly versioning?: Versioning
  /** Writes without a condition where the server shows no version to rely on. Another's write may then be lost. @default false */
  readonly lastWriteWins?: boolean
  /**
   * Whether applying the function to a value that has its change already does no harm: setting a member does not, adding one to a
   * number does. Looked at only when the answer of a write was lost and the server keeps no keys. @default false
   */
  readonly repeatable?: boolean
  /**
   * Whether a value shows that our write was carried out, asked when its answer was lost and the server keeps no keys. `() => false` never
   * assumes it, and the outcome is `OutcomeUnknown`. @default every member we changed has our value
   */
  readonly confirm?: (current: T, intended: T) => boolean
  /** Sent with every request, as credentials are. */
  readonly headers?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
  /** How often a request without an answer is sent again, with the same key; on top of what `fetch` does by itself. @default 2 */
  readonly resends?: number
  /** The range of the wait after a conflict. @default { baseMs: 5, capMs: 2_000 } */
  readonly pace?: { readonly baseMs?: number; readonly capMs?: number }
  /** What further sends are paid from, by origin: what `createFetch` was given as `budget`. @default the one that all of the process share */
  readonly budget?: (origin: string) => RetryBudget
  readonly clock?: Clock
  readonly random?: Random
  /** Makes an idempotency key. @default a UUIDv7 */
  readonly newKey?: () => string
}

/** What has no default, or is looked at in another form. */
type Undecided = 'merge' | 'confirm' | 'signal' | 'budget'

/** Options with every default filled in. */
export type UpdateSettings = Pick<UpdateOptions<Json>, Undecided> &
  Required<Omit<UpdateOptions<Json>, Undecided | 'pace'>> & { readonly pace: { readonly baseMs: number; readonly capMs: number } }

/** Fills in defaults and refuses what cannot work. */
export function toUpdateSettings<T>(options: UpdateOptions<T>): UpdateSettings {
  const limited = complete({ attempts: 16, deadlineMs: 30_000, clock: waitingClock }, options as UpdateOptions<Json>, 1)
  const { clock } = limited
  const defaults = { resends: 2, versioning: entityTags, lastWriteWins: false, repeatable: false, headers: {}, random: Math.random }
  const settings = complete({ ...defaults, method: 'PATCH' as 'PATCH' | 'PUT', newKey: () => newKey(clock.now()) }, limited)
  const { method, merge = 'threeWay' } = settings
  if (method !== 'PATCH' && method !== 'PUT') throw configurationError(`method: expected PATCH or PUT, got ${JSON.stringify(method)}`)
  if (merge !== 'threeWay') throw configurationError(`merge: expected threeWay, got ${JSON.stringify(merge)}`)
  return { ...settings, headers: lowerCased(settings.headers), pace: complete({ baseMs: 5, capMs: 2_000 }, options.pace ?? {}) }
}

/** So that a caller's `If-Match` and ours are never two fields. */
function lowerCased(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
}
