/** One link of a `Link` field. */
export interface Link {
  /** As it stands in the field: a URI reference. */
  readonly target: string
  /** Relation types, in lower case. */
  readonly rels: readonly string[]
  /** What the link is about, when that is not the page itself. */
  readonly anchor: string | undefined
}

/**
 * Parses a `Link` field (RFC 8288 section 3 and appendix B). Links that are malformed are left out; those after them are still found.
 *
 * @example
 * parseLinks('</list?cursor=b>; title="a, b"; rel="next last"')[0]?.rels // ['next', 'last']
 */
export function parseLinks(field: string): Link[] {
  const links: Link[] = []
  let at = 0

  const skip = (pattern: RegExp): void => {
    while (at < field.length && pattern.test(field[at] as string)) at++
  }
  const takeUntil = (pattern: RegExp): string => {
    const start = at
    while (at < field.length && !pattern.test(field[at] as string)) at++
    return field.slice(start, at)
  }
  /** A quoted string, from its opening quote on. One that does not end reaches to the end of the field. */
  const takeQuoted = (): string => {
    let text = ''
    for (at++; at < field.length && field[at] !== '"'; at++) {
      if (field[at] === '\\') at++
      text += field[at] ?? ''
    }
    at++
    return text
  }
  const takeParameters = (): Map<string, string> => {
    const parameters = new Map<string, string>()
    for (skip(blank); field[at] === ';'; skip(blank)) {
      at++
      skip(blank)
      const name = takeUntil(/[\s=;,]/).toLowerCase()
      skip(blank)
      let value = ''
      if (field[at] === '=') {
        at++
        skip(blank)
        value = field[at] === '"' ? takeQuoted() : takeUntil(/[\s;,]/)
      }
      // Only the first of each name counts (section 3.3).
      if (name !== '' && !parameters.has(name)) parameters.set(name, value)
    }
    return parameters
  }

  while (at < field.length) {
    skip(/[\s,]/)
    if (field[at] !== '<') {
      takeUntil(/,/)
      continue
    }
    at++
    const target = takeUntil(/>/)
    if (field[at] !== '>') break
    at++
    const parameters = takeParameters()
    const rels = (parameters.get('rel') ?? '').toLowerCase().split(/\s+/).filter(Boolean)
    links.push({ target: target.trim(), rels, anchor: parameters.get('anchor') })
    takeUntil(/,/)
  }
  return links
}

const blank = /[ \t]/
