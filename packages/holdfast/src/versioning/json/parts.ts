import { ObjectEdit } from './object-edit.ts'
import { endOfValue, failAt, skipSpace } from './scanner.ts'

/** The text of an array's first item; `undefined` for an empty array. */
export function firstItem(text: string): string | undefined {
  const open = skipSpace(text, 0)
  if (text.charCodeAt(open) !== 91) failAt(text, open)
  const start = skipSpace(text, open + 1)
  return text.charCodeAt(start) === 93 ? undefined : text.slice(start, endOfValue(text, start))
}

/** The text of an object's member; of the last of that name, as parsers read it. */
export function memberText(text: string, name: string): string | undefined {
  return ObjectEdit.parse(text, skipSpace(text, 0)).edit.text(name)
}
