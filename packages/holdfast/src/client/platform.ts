/** The origin of the page or worker a browser runs, where any other origin is asked for permission before it gets a header of ours. */
export function pageOrigin(): string | undefined {
  const { location } = globalThis as { location?: { origin?: unknown; href?: unknown } }
  return typeof location?.origin === 'string' && location.origin.startsWith('http') ? location.origin : undefined
}

/** Makes a URL absolute, as `fetch` would. What is no URL stays what it is: `fetch` refuses it in its own words. */
export function absoluteUrl(url: string): string {
  if (url.startsWith('http://') || url.startsWith('https://')) return url
  const origin = pageOrigin()
  return origin !== undefined && URL.canParse(url, origin)
    ? new URL(url, (globalThis as { location?: { href: string } }).location?.href).href
    : url
}
