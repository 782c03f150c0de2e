import { HoldfastError } from '../../core/index.ts'
import { openScope } from '../call-scope.ts'
import type { FetchLike } from '../fetch-like.ts'
import { conflictCeiling } from './decide.ts'
import { ConflictError, UpdateOutcomeUnknown, isDeadline } from './errors.ts'
import { contains, isSame, mergeThreeWays, toMergePatch } from './merge-patch.ts'
import type { Json } from './merge-patch.ts'
import { toUpdateSettings } from './options.ts'
import type { UpdateContext, UpdateOptions } from './options.ts'
import { readResource } from './resource.ts'
import type { Resource, Snapshot } from './resource.ts'
import { writeChange } from './write.ts'
import type { Change } from './write.ts'

/** What an update came to. */
export interface Updated<T> {
  /** `unchanged`: the function returned what it was given, nothing was sent. `stopped`: it returned `undefined`. */
  readonly outcome: 'written' | 'unchanged' | 'stopped'
  /** The value as it is now, as far as the server told; for `stopped` the value the function saw. */
  readonly value: T
  /** The version of that value, for a next write. */
  readonly version: string | undefined
  readonly meta: UpdateMeta
}

/** How an update came about. */
export interface UpdateMeta {
  /** Versions tried. */
  readonly attempts: number
  /** The idempotency key of the last write. */
  readonly key: string | undefined
  /** Whether the answer came from the server's record: the write had been carried out by a request whose answer was lost. */
  readonly replayed: boolean
  /** Whether the write was taken to be carried out because the resource shows it; the server keeps no keys. */
  readonly assumed: boolean
  /** Time spent waiting after conflicts, milliseconds. */
  readonly waitedMs: number
}

/**
 * Changes a resource that others change too, without losing anybody's change: reads it, calls `fn` with it, and writes the result on
 * condition that the version is still the one that was read (RFC 9110 section 13.1.1). When another write came first it waits with full
 * jitter, reads the newer version and calls `fn` again. Every version has its own idempotency key, kept over repeats of that write,
 * so a lost answer never makes a change happen twice.
 *
 * `fn` is called once for each version, must depend on nothing but its argument, and may change that in place; `undefined` stops.
 *
 * @throws ConflictError when attempts or time are over, `WeakETagError`, `GoneError`, `RefusedError`, `UpdateOutcomeUnknown`, what `fn` throws
 * @example
 * const { value } = await update<Wallet>(fetch, 'https://api.example/wallets/w1', (wallet) => ({ ...wallet, nickname: 'savings' }))
 */
export async function update<T>(
  fetch: FetchLike,
  url: string | URL,
  fn: (current: T, context: UpdateContext) => T | undefined | Promise<T | undefined>,
  options: UpdateOptions<T> = {},
): Promise<Updated<T>> {
  const settings = toUpdateSettings(options)
  const scope = openScope(settings.clock, settings.deadlineMs, settings.signal)
  try {
    const resource: Resource = { fetch, url: String(url), settings: { ...settings, scope }, roundTripMs: Number.POSITIVE_INFINITY }
    return (await run(resource, fn as unknown as JsonFunction)) as Updated<T>
  } finally {
    scope.close()
  }
}

type JsonFunction = (current: Json, context: UpdateContext) => Json | undefined | Promise<Json | undefined>

/** The loop over versions. */
async function run(resource: Resource, fn: JsonFunction): Promise<Updated<Json>> {
  const { settings } = resource
  let waitedMs = 0
  let last: Change | undefined
  let seen = await readResource(resource)
  for (let attempt = 1; ; attempt++) {
    const done = (
      outcome: Updated<Json>['outcome'],
      value: Json,
      version: string | undefined,
      more: Partial<UpdateMeta>,
    ): Updated<Json> => ({
      outcome,
      value,
      version,
      meta: { attempts: attempt, key: last?.key, replayed: false, assumed: false, waitedMs, ...more },
    })
    const intended = await intend(resource, fn, seen, last, attempt)
    if (intended === undefined || isSame(seen.value, intended))
      return done(intended === undefined ? 'stopped' : 'unchanged', seen.value, seen.version, { attempts: attempt - 1 })
    const patch = toMergePatch(seen.value, intended) as Json
    last = { from: seen, intended, body: settings.method === 'PATCH' ? patch : intended, key: settings.newKey() }
    const written = await writeChange(resource, last)
    if (written.kind === 'written') return done('written', written.value, written.version, { replayed: written.replayed })
    let current = written.current
    if (written.doubtful) {
      current ??= await readResource(resource)
      if (isOurs(resource, last, patch, current.value)) return done('written', current.value, current.version, { assumed: true })
      if (!settings.repeatable) throw lostAmongOthers(resource, last)
    }
    try {
      if (attempt >= settings.attempts) throw conflict(last, current ?? (await readResource(resource)), attempt)
      const waitMs = settings.random() * conflictCeiling(settings.pace, attempt, resource.roundTripMs)
      waitedMs += waitMs
      await settings.scope.wait(waitMs)
      // What came with the refusal is as fresh as a new answer would be, unless the wait was longer than asking takes.
      seen = current !== undefined && waitMs <= resource.roundTripMs ? current : await readResource(resource)
    } catch (error) {
      throw isDeadline(error) ? conflict(last, current, attempt, error) : error
    }
  }
}

/** What the resource is to become. A version that was seen before is not shown to the function again. */
function intend(
  { settings }: Resource,
  fn: JsonFunction,
  seen: Snapshot,
  last: Change | undefined,
  attempt: number,
): Json | undefined | Promise<Json | undefined> {
  if (last !== undefined && seen.version !== undefined && seen.version === last.from.version) return last.intended
  if (last === undefined || settings.merge === undefined)
    return fn(structuredClone(seen.value) as Json, { attempt, version: seen.version, signal: settings.scope.signal })
  const merged = mergeThreeWays(last.from.value, last.intended, seen.value)
  if ('value' in merged) return merged.value
  throw conflict(last, seen, attempt - 1, undefined, merged.overlaps)
}

function isOurs({ settings }: Resource, { intended }: Change, patch: Json, current: Json): boolean {
  return settings.confirm === undefined ? contains(current, patch) : settings.confirm(current, intended)
}

function conflict(
  { from, intended }: Change,
  theirs: Snapshot | undefined,
  attempts: number,
  cause?: unknown,
  paths: readonly string[] = [],
): ConflictError {
  return new ConflictError({ base: from.value, mine: intended, theirs: theirs?.value, attempts, paths }, { cause })
}

/** Nobody can tell our write from another's any more; sending it again cannot either, since its version is gone. */
function lostAmongOthers({ settings, url }: Resource, { key, from, intended }: Change): UpdateOutcomeUnknown {
  const resend = (): Promise<Response> =>
    Promise.reject(new HoldfastError('outcome-unknown', 'the server keeps no keys, and the version is gone: read the resource'))
  return new UpdateOutcomeUnknown({ method: settings.method, url, key, base: from.value, intended, resend })
}
