import { configurationError } from '../../core/index.ts'
import type { Random } from '../../core/index.ts'

const digits = Array.from('0123456789')
const letters = Array.from('abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ')
const classes: Readonly<Record<string, readonly string[]>> = { d: digits, w: [...letters, ...digits, '_'], s: [' '] }

/** The most repeats that `*`, `+` and open ranges are given. */
const mostRepeats = 3

/**
 * Makes a text that a regular expression matches: literals, classes, groups, alternatives and counts, which is what schemas hold. The result is
 * tried against the expression itself.
 *
 * @throws HoldfastError `configuration-invalid` for an expression it cannot follow: give the schema `examples`
 */
export function samplePattern(pattern: string, random: Random): string {
  const expression = new RegExp(pattern, 'u')
  for (let tries = 0; tries < 20; tries++) {
    const text = new PatternReader(pattern, random).read()
    if (expression.test(text)) return text
  }
  throw configurationError(`pattern: no sample of ${JSON.stringify(pattern)} could be made; give the schema some examples`)
}

class PatternReader {
  readonly #pattern: string
  readonly #random: Random
  #at = 0

  constructor(pattern: string, random: Random) {
    this.#pattern = pattern
    this.#random = random
  }

  read(): string {
    return this.#alternatives()()
  }

  /** Every part is read once and made as often as its count says. */
  #alternatives(): () => string {
    const options = [this.#sequence()]
    while (this.#pattern[this.#at] === '|') {
      this.#at++
      options.push(this.#sequence())
    }
    return () => (options[Math.floor(this.#random() * options.length)] as () => string)()
  }

  #sequence(): () => string {
    const parts: (() => string)[] = []
    while (this.#at < this.#pattern.length && !'|)'.includes(this.#pattern[this.#at] as string)) parts.push(this.#counted(this.#atom()))
    return () => parts.map((part) => part()).join('')
  }

  #atom(): () => string {
    const char = this.#pattern[this.#at++] as string
    switch (char) {
      case '^':
      case '$':
        return () => ''
      case '.':
        return this.#oneOf(letters)
      case '(': {
        if (this.#pattern.startsWith('?:', this.#at)) this.#at += 2
        else if (this.#pattern[this.#at] === '?') this.#at = this.#pattern.indexOf('>', this.#at) + 1
        const inner = this.#alternatives()
        this.#at++
        return inner
      }
      case '[':
        return this.#oneOf(this.#set())
      case '\\': {
        const escaped = this.#pattern[this.#at++] as string
        return this.#oneOf(classes[escaped] ?? [escaped])
      }
      default:
        return () => char
    }
  }

  #set(): readonly string[] {
    const isNegated = this.#pattern[this.#at] === '^'
    if (isNegated) this.#at++
    const chars: string[] = []
    while (this.#at < this.#pattern.length && this.#pattern[this.#at] !== ']') {
      const char = this.#pattern[this.#at++] as string
      if (char === '\\') {
        const escaped = this.#pattern[this.#at++] as string
        chars.push(...(classes[escaped] ?? [escaped]))
      } else if (this.#pattern[this.#at] === '-' && this.#pattern[this.#at + 1] !== ']') {
        const last = this.#pattern.charCodeAt(this.#at + 1)
        for (let code = char.charCodeAt(0); code <= last; code++) chars.push(String.fromCharCode(code))
        this.#at += 2
      } else chars.push(char)
    }
    this.#at++
    return isNegated ? [...letters, ...digits].filter((char) => !chars.includes(char)) : chars
  }

  #counted(part: () => string): () => string {
    const [least, most] = this.#count()
    return () => Array.from({ length: least + Math.floor(this.#random() * (most - least + 1)) }, part).join('')
  }

  #count(): [number, number] {
    const found = /^(?:\{(\d+)(,)?(\d*)\}|[*+?])\??/.exec(this.#pattern.slice(this.#at))
    if (found === null) return [1, 1]
    this.#at += found[0].length
    if (found[0].startsWith('*')) return [0, mostRepeats]
    if (found[0].startsWith('+')) return [1, mostRepeats]
    if (found[0].startsWith('?')) return [0, 1]
    const least = Number(found[1])
    return [least, found[2] === undefined ? least : found[3] === '' ? least + mostRepeats : Number(found[3])]
  }

  #oneOf(chars: readonly string[]): () => string {
    return () => chars[Math.floor(this.#random() * chars.length)] as string
  }
}
