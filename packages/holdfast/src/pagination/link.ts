import type { PageEnvelope } from './page.ts'

/**
 * The Link field of a page (RFC 8288). Its targets are queries alone, which resolve against the URL the caller used: also behind a proxy
 * that cuts the path, and also where the call was made under an older version's path.
 *
 * @param query the caller's own query, without `?`
 */
export function linkField(query: string, { next_cursor, prev_cursor }: PageEnvelope<unknown>): string {
  const links = [`<${target(query, undefined)}>; rel="first"`]
  if (next_cursor !== undefined) links.push(`<${target(query, next_cursor)}>; rel="next"`)
  if (prev_cursor !== undefined) links.push(`<${target(query, prev_cursor)}>; rel="prev"`)
  return links.join(', ')
}

function target(query: string, cursor: string | undefined): string {
  const parameters = new URLSearchParams(query)
  parameters.delete('cursor')
  if (cursor !== undefined) parameters.set('cursor', cursor)
  return `?${parameters.toString()}`
}
