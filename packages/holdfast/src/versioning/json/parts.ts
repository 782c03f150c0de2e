import { endOfString, endOfValue, failAt, nameOf, skipSpace } from './scanner.ts'

/** The text of an array's first item; `undefined` for an empty array. */
export function firstItem(text: string): string | undefined {
  const open = skipSpace(text, 0)
  if (text.charCodeAt(open) !== 91) failAt(text, open)
  const start = skipSpace(text, open + 1)
  return text.charCodeAt(start) === 93 ? undefined : text.slice(start, endOfValue(text, start))
}

/** The text of an object's member; of the last of that name, as parsers read it. */
export function memberText(text: string, name: string): string | undefined {
  let found: string | undefined
  let at = skipSpace(text, 0)
  if (text.charCodeAt(at) !== 123) failAt(text, at)
  at = skipSpace(text, at + 1)
  if (text.charCodeAt(at) === 125) return undefined
  for (;;) {
    if (text.charCodeAt(at) !== 34) failAt(text, at)
    const nameEnd = endOfString(text, at)
    const isAsked = nameOf(text, at, nameEnd) === name
    at = skipSpace(text, nameEnd)
    if (text.charCodeAt(at) !== 58) failAt(text, at)
    const start = skipSpace(text, at + 1)
    const end = endOfValue(text, start)
    if (isAsked) found = text.slice(start, end)
    at = skipSpace(text, end)
    const after = text.charCodeAt(at)
    if (after === 125) return found
    if (after !== 44) failAt(text, at)
    at = skipSpace(text, at + 1)
  }
}
