import { objectIn } from '../object-in.ts'

/** What a line of an export says about the export itself. */
export type Control =
  | { readonly kind: 'cursor'; readonly cursor: string }
  | { readonly kind: 'end'; readonly count: number | undefined }
  | { readonly kind: 'error'; readonly detail: string }

const names = new Set(['_cursor', '_end', '_error', 'count'])

/** Reads a control line: an object with nothing but members of ours. `undefined` for an item, or what is no JSON. */
export function readControl(line: string): Control | undefined {
  // Items are many, and hardly one begins like this.
  if (!/^\s*\{\s*"(?:_cursor|_end|_error|count)"/.test(line)) return undefined
  const value = objectIn(line)
  if (!Object.keys(value).every((name) => names.has(name))) return undefined
  const { _cursor: cursor, _end: end, _error: error, count } = value
  if (typeof cursor === 'string') return { kind: 'cursor', cursor }
  if (end === true) return { kind: 'end', count: typeof count === 'number' ? count : undefined }
  if (error === undefined) return undefined
  const { code, detail } = typeof error === 'object' && error !== null ? (error as Record<string, unknown>) : {}
  return { kind: 'error', detail: [code, detail].filter((one) => typeof one === 'string').join(': ') || 'the server does not say why' }
}
