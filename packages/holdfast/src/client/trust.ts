import { originOf } from '../retry/per-origin.ts'
import { pageOrigin } from './platform.ts'

/** Tells whether the origin of a URL may get headers of ours. */
export type Trust = (url: string) => boolean

/** Everybody; in a browser only the page's own origin: a header of ours makes it ask any other one for permission first. */
export const trustAll: Trust = (url) => {
  const page = pageOrigin()
  return page === undefined || originOf(url) === page
}

/** These origins, and in a browser that of the page. */
export function trustOrigins(urls: readonly string[]): Trust {
  const origins = new Set(urls.map(originOf))
  return (url) => origins.has(originOf(url)) || (pageOrigin() !== undefined && trustAll(url))
}
