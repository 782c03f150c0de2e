import type { Call, HeaderReader, Problem, Reply } from '../core/index.ts'
import type { PreconditionField, Verdict } from './decide.ts'
import { etagOf } from './etag-of.ts'
import type { Conflict } from './expectation.ts'

const names: Readonly<Record<PreconditionField, string>> = {
  'if-match': 'If-Match',
  'if-none-match': 'If-None-Match',
  'if-unmodified-since': 'If-Unmodified-Since',
  'if-modified-since': 'If-Modified-Since',
}

/** Refuses a field that cannot be read. */
export function refuseMalformed(problem: Problem, field: PreconditionField, reason: string): Reply {
  return problem('malformed-etag', { detail: `${names[field]}: ${reason}`, members: { field: names[field] } })
}

/** Refuses a call that has to say which state it is about, and does not. `etag`: the current one, where it is known. */
export function refuseMissing(
  problem: Problem,
  field: 'if-match' | 'if-none-match' | 'either',
  why: string | undefined,
  etag?: string,
): Reply {
  const asked =
    field === 'if-match'
      ? 'send If-Match with the ETag of the state you read'
      : field === 'if-none-match'
        ? 'send If-None-Match: * to make the resource if it is not there'
        : 'send If-Match with the ETag of the state you read, or If-None-Match: * to make the resource'
  return problem('precondition-required', {
    detail: why === undefined ? asked : `${why}; ${asked}`,
    members: { field: names[field === 'either' ? 'if-match' : field], ...(etag !== undefined && { etag }) },
    ...(etag !== undefined && { headers: { etag } }),
  })
}

/** Refuses a call whose precondition is false. */
export function refuseConflict(problem: Problem, call: Call, { verdict, current }: Conflict, mediaType: string): Reply {
  const etag = current && etagOf(current.state, call, mediaType)
  const isShown = current?.representation !== undefined && prefersRepresentation(call.headers)
  const members = { field: names[verdict.field], ...(etag !== undefined && { etag }), ...(isShown && { current: current.representation }) }
  const headers = { ...(etag !== undefined && { etag }), ...(isShown && { 'preference-applied': 'return=representation' }) }
  if (verdict.isWeakened) return problem('weak-etag', { detail: weakened, members, headers })
  return problem('version-conflict', { detail: describe(verdict.field, etag), members, headers })
}

/** Refuses a read whose precondition is false; the tag is the one its answer would have had. */
export function refuseStale(problem: Problem, { field, isWeakened }: Extract<Verdict, { kind: 'failed' }>, etag: string | null): Reply {
  return problem(isWeakened ? 'weak-etag' : 'version-conflict', {
    detail: isWeakened ? weakened : describe(field, etag ?? undefined),
    members: { field: names[field], ...(etag !== null && { etag }) },
    ...(etag !== null && { headers: { etag } }),
  })
}

const weakened = 'If-Match names the current state with a weak tag (W/): an intermediary weakened the tag, as proxies that compress do'

function describe(field: PreconditionField, etag: string | undefined): string {
  if (etag === undefined) return `${names[field]}: the resource is not there`
  if (field === 'if-none-match') return `If-None-Match: the resource is there already, in the state ${etag}`
  return `${names[field]}: the resource has changed since, and is in the state ${etag}`
}

/** Whether the caller asks for the representation in the answer (RFC 7240 section 4.2). */
export function prefersRepresentation(headers: HeaderReader): boolean {
  return (headers.get('prefer') ?? '').split(',').some((preference) => {
    const [name = '', value = ''] = (preference.split(';', 1)[0] ?? '').split('=', 2)
    return name.trim().toLowerCase() === 'return' && value.trim().replace(/^"(.*)"$/, '$1') === 'representation'
  })
}
