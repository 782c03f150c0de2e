import { monotonic } from '../../core/index.ts'
import { ask, exchange } from '../ask.ts'
import type { CallScope } from '../call-scope.ts'
import type { FetchLike } from '../fetch-like.ts'
import { RefusedError } from '../refused.ts'
import type { Answer } from '../resend.ts'
import { GoneError, WeakETagError } from './errors.ts'
import { parseJson } from './json.ts'
import type { ParsedJson } from './json.ts'
import type { UpdateSettings } from './options.ts'

/** One version of a resource. */
export interface Snapshot extends ParsedJson {
  /** `undefined` where the server shows none, and lost updates were accepted. */
  readonly version: string | undefined
}

/** The resource of one update, and what its requests share. */
export interface Resource {
  readonly fetch: FetchLike
  readonly url: string
  readonly settings: UpdateSettings & { readonly scope: CallScope }
  /** The shortest exchange so far, milliseconds. */
  roundTripMs: number
}

/** Browsers have a cache of their own; the type of Node's `fetch` does not know the member. */
const pastCaches: object = { cache: 'no-cache' }

/**
 * Reads the newest version, past every cache.
 *
 * @throws GoneError, WeakETagError, RefusedError, or what `fetch` rejected with
 */
export async function readResource(resource: Resource): Promise<Snapshot> {
  const { url, settings } = resource
  const fields = { accept: 'application/json', ...settings.headers, 'cache-control': 'no-cache' }
  const { headers, text } = await ask(url, settings, () => timed(resource, url, { method: 'GET', headers: fields, ...pastCaches })).catch(
    (error: unknown) => {
      throw error instanceof RefusedError && (error.status === 404 || error.status === 410) ? new GoneError(url, error.status) : error
    },
  )
  const parsed = parseJson(text)
  const version = settings.versioning.read(headers, parsed.value)
  if (version === undefined && !settings.lastWriteWins) throw new WeakETagError(url, headers.get('etag'))
  return { ...parsed, version }
}

/** Sends one request, and notes how long that takes. */
export async function timed(resource: Resource, url: string, init: RequestInit): Promise<Answer> {
  const { clock, scope } = resource.settings
  const sentAt = monotonic(clock)
  const answer = await exchange(resource.fetch, url, { ...init, signal: scope.signal })
  resource.roundTripMs = Math.min(resource.roundTripMs, monotonic(clock) - sentAt)
  return answer
}
