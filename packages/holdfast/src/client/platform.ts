const page = (): { readonly origin?: string; readonly href?: string } | undefined =>
  (globalThis as { location?: { origin?: string; href?: string } }).location

/** The origin of the page or worker a browser runs, where any other origin is asked for permission before it gets a header of ours. */
export function pageOrigin(): string | undefined {
  const origin = String(page()?.origin)
  return origin.startsWith('http') ? origin : undefined
}

/** Makes a URL absolute, as `fetch` would. What is no URL stays what it is: `fetch` refuses it in its own words. */
export function absoluteUrl(url: string): string {
  return /^https?:\/\//.test(url) ? url : (URL.parse(url, page()?.href)?.href ?? url)
}
