/** One link of a `Link` field. */
export interface Link {
  /** As it stands in the field: a URI reference. */
  readonly target: string
  /** Relation types, in lower case. */
  readonly rels: readonly string[]
  /** What the link is about, when that is not the page itself. */
  readonly anchor: string | undefined
}

const parameter = /;\s*([^\s=;,]+)\s*(?:=\s*(?:"((?:[^"\\]|\\.)*)"?|([^\s;,]*)))?/g
/** Where a link begins, up to the comma behind it that is in no quoted string. */
const link = /(?:^|,)\s*<([^<>]*)>((?:"(?:[^"\\]|\\.)*"?|[^,"])*)/g

/**
 * Parses a `Link` field (RFC 8288 section 3 and appendix B). Links that are malformed are left out; those after them are still found.
 *
 * @example
 * parseLinks('</list?cursor=b>; title="a, b"; rel="next last"')[0]?.rels // ['next', 'last']
 */
export function parseLinks(field: string): Link[] {
  return [...field.matchAll(link)].map(([, target = '', said = '']) => {
    const parameters = new Map<string, string>()
    for (const [, given = '', quoted, token = ''] of said.matchAll(parameter)) {
      const name = given.toLowerCase()
      // Only the first of each name counts (section 3.3).
      if (!parameters.has(name)) parameters.set(name, quoted?.replaceAll(/\\(.)/g, '$1') ?? token)
    }
    const rels = (parameters.get('rel') ?? '').toLowerCase().split(/\s+/).filter(Boolean)
    return { target: target.trim(), rels, anchor: parameters.get('anchor') }
  })
}
