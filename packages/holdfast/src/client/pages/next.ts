import type { Place } from './checkpoint.ts'
import { nextRefused } from './errors.ts'
import { parseLinks } from './link.ts'

/** What is looked at to find the next page. */
export interface FoundPage {
  readonly url: URL
  readonly headers: Headers
  readonly body: unknown
  readonly items: readonly unknown[]
}

/** Tells where the next page is: a URL, a cursor, or nothing at the end. */
export type FindNext = (page: FoundPage) => URL | string | undefined | null

/**
 * Finds the next page as servers name it: `Link` with `rel=next` (RFC 8288), then `next_cursor`, `next` and `cursor` of the body. A `next` that
 * is a URL or begins with `/` or `?` is taken for a link, everything else for a cursor.
 */
export function findNext({ url, headers, body }: FoundPage): Place | undefined {
  for (const { target, rels, anchor = '' } of parseLinks(headers.get('link') ?? ''))
    if (rels.includes('next') && URL.parse(anchor, url.href)?.href === url.href) return { link: target }
  const { next_cursor, next, cursor } = (typeof body === 'object' && body !== null ? body : {}) as Record<string, unknown>
  for (const one of [next_cursor, next, cursor]) {
    if ((typeof one !== 'string' && typeof one !== 'number') || one === '') continue
    const text = String(one)
    return one === next && isReference(text) ? { link: text } : { cursor: text }
  }
  return undefined
}

/** What a function of the caller's found. */
export function placeOf(found: ReturnType<FindNext>): Place | undefined {
  if (found === undefined || found === null || found === '') return undefined
  return typeof found === 'string' && !isReference(found) ? { cursor: found } : { link: String(found) }
}

/**
 * The URL of a place.
 *
 * @throws HoldfastError `next-refused` for another origin: it would get the walk's credentials
 */
export function urlOf({ cursor, link = '' }: Place, start: URL, cursorParam: string, allowOrigins: readonly string[]): URL {
  const target = URL.parse(link, start.href)
  if (target === null || ![start.origin, ...allowOrigins].includes(target.origin))
    throw nextRefused(target?.origin ?? JSON.stringify(link.slice(0, 100)))
  if (cursor !== undefined) target.searchParams.set(cursorParam, cursor)
  target.hash = ''
  // Credentials in a link would replace those of the walk.
  if (link !== '') target.username = target.password = ''
  return target
}

const isReference = (text: string): boolean => /^(https?:\/\/|[/?])/i.test(text)

/** A place that means the same from wherever its link is followed. */
export function absolute(place: Place, from: URL, start: URL): Place {
  const url = place.link === undefined ? null : URL.parse(place.link, from.href)
  return url === null ? place : { link: url.origin === start.origin ? url.pathname + url.search : url.href }
}
