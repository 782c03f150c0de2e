import { HoldfastError } from '../../core/index.ts'
import { ask, exchange } from '../ask.ts'
import { openScope } from '../call-scope.ts'
import type { FetchLike } from '../fetch-like.ts'
import { absolute, findNext, placeOf } from './next.ts'
import type { Place } from './checkpoint.ts'
import type { WalkSettings } from './options.ts'

/** One page as it came. */
export interface LoadedPage<T> {
  readonly url: URL
  readonly headers: Headers
  readonly body: unknown
  readonly items: readonly T[]
  readonly next: Place | undefined
}

/**
 * Asks for one page, again while it gets no answer, and after the wait the server asks for.
 *
 * @throws RefusedError, HoldfastError `page-invalid`, or what `fetch` rejected with
 */
export async function loadPage<T>(fetch: FetchLike, url: URL, settings: WalkSettings<T>, signal: AbortSignal): Promise<LoadedPage<T>> {
  const { clock } = settings
  const scope = openScope(clock, settings.pageDeadlineMs, signal)
  try {
    const init = { headers: { accept: 'application/json', ...settings.headers }, signal: scope.signal }
    const { headers, text } = await ask(url.href, { ...settings, scope }, () => exchange(fetch, url.href, init))
    const body = parseBody(text)
    const items = settings.items?.(body) ?? itemsOf(body)
    const found = { url, headers, body, items }
    const next = settings.next === undefined ? findNext(found) : placeOf(settings.next(found))
    return { ...found, next: next && absolute(next, url, settings.start) }
  } finally {
    scope.close()
  }
}

function parseBody(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new HoldfastError('page-invalid', 'a page is no JSON', { cause })
  }
}

/** The items of a page in the shapes lists usually have. */
function itemsOf<T>(body: unknown): readonly T[] {
  if (Array.isArray(body)) return body as T[]
  const members = typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {}
  for (const name of ['data', 'items']) if (Array.isArray(members[name])) return members[name] as T[]
  const arrays = Object.values(members).filter((member) => Array.isArray(member))
  if (arrays.length === 1) return arrays[0] as T[]
  throw new HoldfastError(
    'page-invalid',
    `a page has its items in none of the usual places, and ${arrays.length} arrays; say where with the option items`,
  )
}
