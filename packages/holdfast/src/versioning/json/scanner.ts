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

// Reads JSON by spans: it finds where values begin and end and makes none of them. What lies inside a value that is skipped is not judged;
// whoever parses the text later does that.

/** Where white space that may be at a place ends. */
export function skipSpace(text: string, start: number): number {
  let at = start
  for (let code = text.charCodeAt(at); code === 32 || code === 10 || code === 13 || code === 9; code = text.charCodeAt(at)) at++
  return at
}

/** Where the string that begins at `start` ends: after its closing quote. */
export function endOfString(text: string, start: number): number {
  for (let end = start + 1; ; end++) {
    end = text.indexOf('"', end)
    if (end < 0) failAt(text, text.length)
    let before = end - 1
    while (text.charCodeAt(before) === backslash) before--
    if ((end - before) % 2 === 1) return end + 1
  }
}

/** Where the value that begins at `start` ends. */
export function endOfValue(text: string, start: number): number {
  switch (text.charCodeAt(start)) {
    case quote:
      return endOfString(text, start)
    case openBrace:
    case openBracket:
      return endOfContainer(text, start)
    default:
      return endOfScalar(text, start)
  }
}

function endOfContainer(text: string, start: number): number {
  let depth = 0
  for (let at = start; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === quote) at = endOfString(text, at) - 1
    else if (code === openBrace || code === openBracket) depth++
    else if (code === closeBrace || code === closeBracket) {
      depth--
      if (depth === 0) return at + 1
    }
  }
  return failAt(text, text.length)
}

function endOfScalar(text: string, start: number): number {
  let at = start
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === comma || code === closeBrace || code === closeBracket || code <= 32) break
    if (code === quote || code === openBrace || code === openBracket || code === 58) failAt(text, at)
  }
  return at === start ? failAt(text, at) : at
}

/** @throws JsonSyntaxError always */
export function failAt(text: string, at: number): never {
  throw new JsonSyntaxError(`the text is not JSON: unexpected ${at >= text.length ? 'end' : `character at offset ${at}`}`)
}

/** The name that the JSON string between two places stands for, quotes included. */
export function nameOf(text: string, start: number, end: number): string {
  for (let at = start + 1; at < end; at++) if (text.charCodeAt(at) === backslash) return decoded(text.slice(start, end))
  return text.slice(start + 1, end - 1)
}

function decoded(token: string): string {
  try {
    return JSON.parse(token) as string
  } catch {
    throw new JsonSyntaxError('the text is not JSON: a member name is no valid string')
  }
}
