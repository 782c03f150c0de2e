import { originOf } from '../../retry/per-origin.ts'

/** Where a request goes, as a dispatcher takes it. */
export interface DispatchTarget {
  readonly origin: string
  readonly path: string
  readonly href: string
}

/** What no parser changes: no dot segments, nothing to escape, no fragment, no empty query. Everything else is left to the platform, whose parser costs five times as much. */
const settled = /^https?:\/\/[a-z\d.-]+(?::\d+)?(?:\/(?![.]|%2e)[\w\-~!$&()*+,;=:@%?.]*)+(?<!\?)$/i

/** Origins as the platform writes them, by how they were written; so many are remembered. */
const known = new Map<string, boolean>()
const mostKnown = 1_000

/**
 * Splits a URL.
 *
 * @throws TypeError for what is none, or leads elsewhere than to http
 */
export function toTarget(url: string): DispatchTarget {
  if (settled.test(url)) {
    const origin = originOf(url)
    if (url.startsWith(origin) && isSettled(origin)) return { origin, path: url.slice(origin.length), href: url }
  }
  const parsed = new URL(url)
  if (parsed.protocol !== 'http:' && parsed.protocol !== 'https:') throw new TypeError(`fetch failed: ${parsed.protocol} is not supported`)
  return { origin: parsed.origin, path: parsed.pathname + parsed.search, href: parsed.href }
}

/** Hosts have too many spellings to tell by their looks: defaults of ports, numbers for addresses. */
function isSettled(origin: string): boolean {
  const before = known.get(origin)
  if (before !== undefined) return before
  const answer = URL.canParse(origin) && new URL(origin).origin === origin
  if (known.size >= mostKnown) known.clear()
  known.set(origin, answer)
  return answer
}
