import type { EntityTag } from './etag.ts'

/** What an If-Match or If-None-Match field says: any representation, or one of these. */
export type TagCondition = { readonly kind: 'any' } | { readonly kind: 'tags'; readonly tags: readonly EntityTag[] }

/** A field value, read, or why it cannot be. */
export type ParsedTags = TagCondition | { readonly kind: 'malformed'; readonly reason: string }

/** A caller knows a few states of one resource; more tags than this only cost time. */
const mostTags = 64

const malformed = (reason: string): ParsedTags => ({ kind: 'malformed', reason })

/**
 * Reads the value of If-Match or If-None-Match (RFC 9110 sections 13.1.1 and 8.8.3): `*`, or tags with commas between them. A comma within
 * quotes belongs to the tag, empty list elements are skipped (section 5.6.1.2), and `w/` is not `W/`.
 *
 * @example
 * parseTags('"a,b", W/"c"') // { kind: 'tags', tags: [{ opaque: 'a,b', isWeak: false }, { opaque: 'c', isWeak: true }] }
 */
export function parseTags(value: string): ParsedTags {
  const text = trim(value)
  if (text === '') return malformed('the field is empty')
  if (text === '*') return { kind: 'any' }
  const tags: EntityTag[] = []
  let at = 0
  let mayFollow = true
  // By hand rather than by a pattern: white space on both sides of an optional tag makes a pattern take quadratic time.
  while (at < text.length) {
    const code = text.charCodeAt(at)
    if (code === space || code === tab) at++
    else if (code === comma) {
      mayFollow = true
      at++
    } else {
      if (!mayFollow) return malformed(`a comma is missing before ${excerpt(text, at)}`)
      const isWeak = text.startsWith('W/', at)
      const open = isWeak ? at + 2 : at
      if (text.charCodeAt(open) !== quote)
        return malformed(
          text.startsWith('*', at) ? '* cannot be combined with tags' : `a tag stands in double quotes, got ${excerpt(text, at)}`,
        )
      const close = endOfTag(text, open + 1)
      if (close < 0) return malformed(`a tag is not closed, or has characters that no tag may have: ${excerpt(text, at)}`)
      tags.push({ opaque: text.slice(open + 1, close), isWeak })
      if (tags.length > mostTags) return malformed(`more than ${mostTags} tags`)
      mayFollow = false
      at = close + 1
    }
  }
  return tags.length === 0 ? malformed('the list has no tag') : { kind: 'tags', tags }
}

const [tab, space, quote, comma] = [9, 32, 34, 44]

/** Where a tag's closing quote is; -1 when something stands before it that is no `etagc`: a space, a control character. */
function endOfTag(text: string, from: number): number {
  for (let at = from; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === quote) return at
    if (code < 0x21 || code === 0x7f || code > 0xff) return -1
  }
  return -1
}

/** Optional white space of HTTP is space and tab, which is less than what `trim` takes away. */
function trim(value: string): string {
  let start = 0
  let end = value.length
  while (start < end && isBlank(value.charCodeAt(start))) start++
  while (end > start && isBlank(value.charCodeAt(end - 1))) end--
  return value.slice(start, end)
}

function isBlank(code: number): boolean {
  return code === space || code === tab
}

function excerpt(text: string, at: number): string {
  return JSON.stringify(text.slice(at, at + 24))
}
