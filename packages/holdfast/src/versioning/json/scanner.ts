/** The text is not JSON where it had to be read, or is nested too deeply. */
export class JsonSyntaxError extends Error {}

/** Deeper values are refused where they must be followed: recursion must not overflow on hostile input. */
export const deepest = 200

const quote = 34
const backslash = 92
const openBrace = 123
const closeBrace = 125
const openBracket = 91
const closeBracket = 93
const comma = 44

/**
 * Reads JSON by spans: it finds where values begin and end and makes none of them. What lies inside a value that is skipped is not judged;
 * whoever parses the text later does that.
 */
export class JsonScanner {
  readonly text: string
  at: number

  constructor(text: string, at = 0) {
    this.text = text
    this.at = at
  }

  /** Passes white space; gives the next character's code, NaN at the end. */
  peek(): number {
    for (;;) {
      const code = this.text.charCodeAt(this.at)
      if (code !== 32 && code !== 10 && code !== 13 && code !== 9) return code
      this.at++
    }
  }

  /** Passes one character that must be there. */
  expect(code: number): void {
    if (this.peek() !== code) this.fail()
    this.at++
  }

  /** Passes one value of any kind. */
  skipValue(): void {
    switch (this.peek()) {
      case quote:
        this.at = this.endOfString(this.at)
        return
      case openBrace:
      case openBracket:
        return this.#skipContainer()
      default:
        return this.#skipScalar()
    }
  }

  /** Where the string that begins at `start` ends: after its closing quote. */
  endOfString(start: number): number {
    const { text } = this
    for (let end = start + 1; ; end++) {
      end = text.indexOf('"', end)
      if (end < 0) this.fail()
      let before = end - 1
      while (text.charCodeAt(before) === backslash) before--
      if ((end - before) % 2 === 1) return end + 1
    }
  }

  /** @throws JsonSyntaxError always */
  fail(): never {
    throw new JsonSyntaxError(`the text is not JSON: unexpected ${this.at >= this.text.length ? 'end' : `character at offset ${this.at}`}`)
  }

  #skipContainer(): void {
    const { text } = this
    let depth = 0
    for (let at = this.at; at < text.length; at++) {
      const code = text.charCodeAt(at)
      if (code === quote) at = this.endOfString(at) - 1
      else if (code === openBrace || code === openBracket) depth++
      else if (code === closeBrace || code === closeBracket) {
        depth--
        if (depth > 0) continue
        this.at = at + 1
        return
      }
    }
    this.at = text.length
    this.fail()
  }

  #skipScalar(): void {
    const { text, at: start } = this
    let at = start
    for (; at < text.length; at++) {
      const code = text.charCodeAt(at)
      if (code === comma || code === closeBrace || code === closeBracket || code <= 32) break
      if (code === quote || code === openBrace || code === openBracket || code === 58) {
        this.at = at
        this.fail()
      }
    }
    if (at === start) this.fail()
    this.at = at
  }
}

/** The name that a JSON string, quotes included, stands for. */
export function decodeName(token: string): string {
  if (!token.includes('\\')) return token.slice(1, -1)
  try {
    return JSON.parse(token) as string
  } catch {
    throw new JsonSyntaxError('the text is not JSON: a member name is no valid string')
  }
}
