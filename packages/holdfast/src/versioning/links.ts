import { targetOf } from '../core/index.ts'
import type { Trace } from './json/rewrite.ts'
import type { PathPlan } from './paths.ts'
import type { QueryPlan } from './query.ts'

/** What makes URLs of the newest version those of an older one. */
export interface LinkPlan {
  readonly paths: PathPlan | undefined
  /** Of the route that answered. */
  readonly query: QueryPlan | undefined
  /** The path that the call has in the newest version: only links to it have its query. */
  readonly ownPath: string
  /** The host of the call; links elsewhere are left alone. */
  readonly host: string | null
  readonly trace: Trace
  /** What stands before paths when the version is named there: `/2025-01-15`. */
  readonly prefix: string
}

/** A URL as the older version has it. */
export function downgradeUrl(url: string, plan: LinkPlan): string {
  const isRelative = url.startsWith('/') && !url.startsWith('//')
  if (!isRelative && !isOwnHost(url, plan.host) && !url.startsWith('?')) return url
  const { path, query } = url.startsWith('?') ? { path: '', query: url.slice(1) } : targetOf(url)
  const before = path === '' ? '' : plan.prefix + (plan.paths?.down(path, plan.trace) ?? path)
  const isOwn = path === '' || path === plan.ownPath
  const asked = isOwn && plan.query !== undefined ? plan.query.down(query, plan.trace) : query
  const head = isRelative || path === '' ? '' : url.slice(0, url.indexOf(path, url.indexOf('://') + 3))
  const hash = url.indexOf('#')
  return head + before + (asked === '' ? '' : `?${asked}`) + (hash < 0 ? '' : url.slice(hash))
}

/** The targets of a Link field (RFC 8288) as the older version has them; parameters stay. */
export function downgradeLinks(field: string, plan: LinkPlan): string {
  return field.replace(/<([^>]*)>/g, (_whole, url: string) => `<${downgradeUrl(url, plan)}>`)
}

function isOwnHost(url: string, host: string | null): boolean {
  if (host === null || !URL.canParse(url)) return false
  return new URL(url).host === host
}
