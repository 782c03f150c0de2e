import { JsonScanner, decodeName } from './scanner.ts'

/** The text of an array's first item; `undefined` for an empty array. */
export function firstItem(text: string): string | undefined {
  const scanner = new JsonScanner(text)
  scanner.expect(91)
  if (scanner.peek() === 93) return undefined
  const start = scanner.at
  scanner.skipValue()
  return text.slice(start, scanner.at)
}

/** The text of an object's member; of the last of that name, as parsers read it. */
export function memberText(text: string, name: string): string | undefined {
  const scanner = new JsonScanner(text)
  let found: string | undefined
  scanner.expect(123)
  if (scanner.peek() === 125) return undefined
  for (;;) {
    if (scanner.peek() !== 34) scanner.fail()
    const start = scanner.at
    const end = scanner.endOfString(start)
    scanner.at = end
    scanner.expect(58)
    scanner.peek()
    const valueStart = scanner.at
    scanner.skipValue()
    if (decodeName(text.slice(start, end)) === name) found = text.slice(valueStart, scanner.at)
    if (scanner.peek() === 125) return found
    scanner.expect(44)
  }
}
