import type { HeaderReader } from '../core/index.ts'
import type { PreconditionField, Preconditions } from './decide.ts'
import { parseTags } from './entity-tags.ts'
import type { TagCondition } from './entity-tags.ts'
import { parseHttpDate } from './http-date.ts'

/** The preconditions of a request, or the field that cannot be read and why. */
export type ReadPreconditions = Preconditions | { readonly malformed: PreconditionField; readonly reason: string }

/** No precondition was sent. */
export const noPreconditions: Preconditions = {}

/** Reads the precondition fields of a request. A date that is none is ignored; a tag that is none is an error, or a lost update would look like a success. */
export function readPreconditions(headers: HeaderReader, now: () => number): ReadPreconditions {
  const match = headers.get('if-match')
  const noneMatch = headers.get('if-none-match')
  const unmodified = headers.get('if-unmodified-since')
  const modified = headers.get('if-modified-since')
  if (match === null && noneMatch === null && unmodified === null && modified === null) return noPreconditions
  const ifMatch = readTags('if-match', match)
  if (ifMatch !== undefined && 'malformed' in ifMatch) return ifMatch
  const ifNoneMatch = readTags('if-none-match', noneMatch)
  if (ifNoneMatch !== undefined && 'malformed' in ifNoneMatch) return ifNoneMatch
  return { ifMatch, ifNoneMatch, ifUnmodifiedSince: readDate(unmodified, now), ifModifiedSince: readDate(modified, now) }
}

function readTags(
  field: PreconditionField,
  value: string | null,
): TagCondition | { readonly malformed: PreconditionField; readonly reason: string } | undefined {
  if (value === null) return undefined
  const parsed = parseTags(value)
  return parsed.kind === 'malformed' ? { malformed: field, reason: parsed.reason } : parsed
}

function readDate(value: string | null, now: () => number): number | undefined {
  return value === null ? undefined : parseHttpDate(value.trim(), now())
}
