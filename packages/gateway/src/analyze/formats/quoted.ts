/** Where the quoted text that begins behind `from` ends; -1 when it does not. A quote behind an odd number of backslashes is part of it. */
export function closingQuote(line: string, from: number): number {
  for (let at = line.indexOf('"', from); at !== -1; at = line.indexOf('"', at + 1)) {
    if (!isEscaped(line, at, from)) return at
  }
  return -1
}

/** Whether the character at `at` has an odd number of backslashes before it, of which none stands before `from`. */
export function isEscaped(line: string, at: number, from: number): boolean {
  let backslashes = 0
  while (at - backslashes - 1 >= from && line.charCodeAt(at - backslashes - 1) === 92) backslashes++
  return backslashes % 2 === 1
}
