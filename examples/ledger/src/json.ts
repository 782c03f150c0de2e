// Not yet in TypeScript's library: https://tc39.es/proposal-json-parse-with-source/
const { rawJSON } = JSON as typeof JSON & { rawJSON(text: string): unknown }
const parse = JSON.parse as (text: string, reviver: (name: string, value: unknown, context: { source: string }) => unknown) => unknown

/** Writes JSON; a bigint becomes a number with all its digits. */
export function toJson(value: unknown): string {
  return JSON.stringify(value, (_name, member: unknown) => (typeof member === 'bigint' ? rawJSON(String(member)) : member))
}

/** Reads JSON; a number that would change (2^53 + 1, 1.0) keeps its text, and `toJson` writes it back as it came. */
export function parseJson(text: string): unknown {
  return parse(text, (_name, value, { source }) => (typeof value === 'number' && String(value) !== source ? rawJSON(source) : value))
}
