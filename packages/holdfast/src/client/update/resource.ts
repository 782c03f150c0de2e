import { monotonic } from '../../core/index.ts'
import type { HoldfastError } from '../../core/index.ts'
import type { RetryBudget } from '../../retry/budget.ts'
import { readText } from '../../retry/read-text.ts'
import { afterFailure, afterStatus, earnsBudget } from '../again.ts'
import type { CallScope } from '../call-scope.ts'
import type { FetchLike } from '../fetch-like.ts'
import { parseProblem } from '../parse-problem.ts'
import { RefusedError } from '../refused.ts'
import { sendUntilFinal } from '../resend.ts'
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
  readonly settings: UpdateSettings
  readonly scope: CallScope
  readonly budget: RetryBudget
  /** The shortest exchange so far, milliseconds. */
  roundTripMs: number
}

/** An answer whose body has been read. */
export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  readonly response: Response
}

/** Browsers have a cache of their own; the type of Node's `fetch` does not know the member. */
const pastCaches: object = { cache: 'no-cache' }

/**
 * Reads the newest version, past every cache.
 *
 * @throws GoneError, WeakETagError, RefusedError, or what `fetch` rejected with
 */
export async function readResource(resource: Resource): Promise<Snapshot> {
  const { url, settings, scope } = resource
  const sent = await sendUntilFinal<Answer>({
    ...settings,
    scope,
    budget: resource.budget,
    send: () =>
      exchange(resource, {
        method: 'GET',
        headers: { accept: 'application/json', ...settings.headers, 'cache-control': 'no-cache' },
        ...pastCaches,
      }),
    earns: ({ response }) => earnsBudget(response),
    judge: (outcome) => ('error' in outcome ? afterFailure(outcome.error) : afterStatus(outcome.answer, settings.clock.now())),
  })
  if ('error' in sent) throw sent.error
  const { status, headers, text } = sent.answer
  if (status === 404 || status === 410) throw new GoneError(url, status)
  if (status < 200 || status > 299) throw new RefusedError(`GET ${url}`, status, parseProblem(text))
  const parsed = parseJson(text)
  const version = settings.versioning.read(headers, parsed.value)
  if (version === undefined && !settings.lastWriteWins) throw new WeakETagError(url, headers.get('etag'))
  return { ...parsed, version }
}

/** Sends one request and reads its answer whole. */
export async function exchange(resource: Resource, init: RequestInit, url: string = resource.url): Promise<Answer> {
  const { clock } = resource.settings
  const sentAt = monotonic(clock)
  const response = await resource.fetch(url, { ...init, signal: resource.scope.signal })
  // A success is a success, even when its body was cut.
  const text = await readText(response).catch((error: HoldfastError) => {
    if (init.method === 'GET' || !response.ok) throw error
    return ''
  })
  resource.roundTripMs = Math.min(resource.roundTripMs, monotonic(clock) - sentAt)
  return { status: response.status, headers: response.headers, text, response }
}
