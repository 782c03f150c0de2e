import { configurationError } from '../core/index.ts'

/** The text is not JSON, or names a member twice, which parsers read differently. */
export class CanonicalJsonError extends Error {}

/** Members to leave out, as a tree of JSON Pointer tokens (RFC 6901); `true` ends a pointer. */
export type IgnoredMembers = { readonly [token: string]: IgnoredMembers | true }

/** Deeper documents are not canonicalised; recursion must not overflow on hostile input. */
const deepest = 200

/**
 * Turns JSON Pointers into a tree. A pointer that is not one is refused: taken for another, it would ignore a member that counts.
 *
 * @throws HoldfastError `configuration-invalid`
 * @example
 * parsePointers(['/meta/sentAt']) // { meta: { sentAt: true } }
 */
export function parsePointers(pointers: readonly string[]): IgnoredMembers {
  const root: Record<string, IgnoredMembers | true> = Object.create(null) as Record<string, IgnoredMembers | true>
  for (const pointer of pointers) {
    if (!pointer.startsWith('/'))
      throw configurationError(`ignore: expected a JSON Pointer that begins with "/", got ${JSON.stringify(pointer)}`)
    const tokens = pointer
      .split('/')
      .slice(1)
      .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'))
    let node = root
    for (const [index, token] of tokens.entries()) {
      if (index === tokens.length - 1) node[token] = true
      else {
        const below = node[token]
        if (below === true) break
        const next: Record<string, IgnoredMembers | true> =
          typeof below === 'object' ? below : (Object.create(null) as Record<string, IgnoredMembers | true>)
        node[token] = next
        node = next
      }
    }
  }
  return root
}

/**
 * Writes JSON in one form: members sorted, no white space, number literals kept as they are. It works on tokens, because a
 * parser would make 12345678901234567890 and ...891 the same number, and two different payments the same call.
 *
 * @returns `undefined` for a document nested too deeply
 * @throws CanonicalJsonError for text that is not JSON (RFC 8259), and for a member named twice
 * @example
 * canonicalJson('{ "b": 1.0, "a": "\u0061" }') // '{"a":"a","b":1.0}'
 */
export function canonicalJson(text: string, ignored?: IgnoredMembers): string | undefined {
  const reader = new Reader(text)
  const value = reader.value(ignored, 0)
  reader.end()
  return reader.tooDeep ? undefined : value
}

const quote = 34
const backslash = 92
const literal = /(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)/y

/** A member whose value counts, or one that is ignored and has none. */
interface Member {
  readonly name: string
  readonly value: string | undefined
}

/** Brings equal names together, too: cheaper than a set of the names of every object. */
function sort(members: Member[]): void {
  members.sort((a, b) => (a.name < b.name ? -1 : 1))
  let before: string | undefined
  for (const { name } of members) {
    if (name === before) throw new CanonicalJsonError(`the member ${shorten(name)} appears twice in one object`)
    before = name
  }
}

class Reader {
  readonly #text: string
  #at = 0
  tooDeep = false

  constructor(text: string) {
    this.#text = text
  }

  value(ignored: IgnoredMembers | undefined, depth: number): string {
    if (depth > deepest) this.tooDeep = true
    if (this.tooDeep) {
      this.#at = this.#text.length
      return ''
    }
    switch (this.#peek()) {
      case 123:
        return this.#object(ignored, depth)
      case 91:
        return this.#array(ignored, depth)
      case quote:
        return this.#string()
      default:
        return this.#literal()
    }
  }

  end(): void {
    if (!Number.isNaN(this.#peek())) this.#fail()
  }

  #object(ignored: IgnoredMembers | undefined, depth: number): string {
    this.#at++
    const members: Member[] = []
    let isSorted = true
    for (let more = this.#peek() !== 125; more; more = this.#comma(125)) {
      if (this.#peek() !== quote) this.#fail()
      const name = this.#string()
      if (this.#peek() !== 58) this.#fail()
      this.#at++
      const below = ignored?.[JSON.parse(name) as string]
      const value = this.value(below === true ? undefined : below, depth + 1)
      if (this.tooDeep) return ''
      const last = members.at(-1)
      isSorted &&= last === undefined || last.name < name
      members.push({ name, value: below === true ? undefined : value })
    }
    this.#at++
    if (!isSorted) sort(members)
    let text = ''
    for (const { name, value } of members) if (value !== undefined) text += `${text === '' ? '' : ','}${name}:${value}`
    return `{${text}}`
  }

  #array(ignored: IgnoredMembers | undefined, depth: number): string {
    this.#at++
    const items: string[] = []
    let index = 0
    for (let more = this.#peek() !== 93; more; more = this.#comma(93)) {
      const below = ignored?.[index++]
      const value = this.value(below === true ? undefined : below, depth + 1)
      if (this.tooDeep) return ''
      if (below !== true) items.push(value)
    }
    this.#at++
    return `[${items.join(',')}]`
  }

  #comma(close: number): boolean {
    const code = this.#peek()
    if (code === close) return false
    if (code !== 44) this.#fail()
    this.#at++
    if (this.#peek() === close) this.#fail()
    return true
  }

  #string(): string {
    const start = this.#at++
    let escaped = false
    for (;;) {
      const code = this.#text.charCodeAt(this.#at++)
      if (code === quote) break
      if (code === backslash) {
        escaped = true
        this.#at++
      } else if (code < 32 || Number.isNaN(code)) this.#fail()
    }
    const token = this.#text.slice(start, this.#at)
    return escaped ? this.#unescape(token) : token
  }

  #unescape(token: string): string {
    try {
      return JSON.stringify(JSON.parse(token))
    } catch {
      return this.#fail()
    }
  }

  #literal(): string {
    literal.lastIndex = this.#at
    const [token] = literal.exec(this.#text) ?? this.#fail()
    this.#at += token.length
    return token
  }

  /** The next significant character; NaN at the end. */
  #peek(): number {
    for (;;) {
      const code = this.#text.charCodeAt(this.#at)
      if (code !== 32 && code !== 10 && code !== 13 && code !== 9) return code
      this.#at++
    }
  }

  #fail(): never {
    throw new CanonicalJsonError(
      `the text is not JSON: unexpected ${this.#at >= this.#text.length ? 'end' : `character at offset ${this.#at}`}`,
    )
  }
}

function shorten(name: string): string {
  return name.length > 80 ? `${name.slice(0, 80)}...` : name
}
