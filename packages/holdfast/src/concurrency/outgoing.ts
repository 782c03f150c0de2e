import { createReply, versionFact } from '../core/index.ts'
import type { Call, Problem, Reply, ReplyHead } from '../core/index.ts'
import { decide } from './decide.ts'
import type { Comparison, Preconditions, Target } from './decide.ts'
import { readStateTag, representationOf, stateTag } from './etag.ts'
import type { EntityTag } from './etag.ts'
import { parseTags } from './entity-tags.ts'
import { parseHttpDate } from './http-date.ts'
import { refuseStale } from './refusals.ts'

/** A tag of ours, completed with the representation that is really sent; and content that no intermediary may change, or it would weaken the tag. */
export function completedFields(call: Call, { status, headers }: ReplyHead): Readonly<Record<string, string>> {
  if (status < 200 || (status >= 300 && status !== 304)) return none
  const etag = headers.get('etag')
  if (etag === null) return none
  const representation = representationOf({
    version: call.facts.get(versionFact),
    mediaType: headers.get('content-type') ?? 'application/json',
    language: headers.get('content-language'),
    coding: headers.get('content-encoding'),
  })
  const completed = etag.startsWith('"') && etag.endsWith(`.${representation}"`) ? etag : complete(etag, representation, status)
  if (completed === undefined) return none
  const cacheControl = headers.get('cache-control')
  const isUntransformed = cacheControl?.toLowerCase().includes('no-transform') === true
  return {
    ...(completed !== etag && { etag: completed }),
    ...(!isUntransformed && { 'cache-control': cacheControl === null ? 'no-transform' : `${cacheControl}, no-transform` }),
  }
}

const none: Readonly<Record<string, string>> = {}

/** `undefined` for a tag that is not ours. */
function complete(etag: string, representation: string, status: number): string | undefined {
  const [, opaque = ''] = strong.exec(etag) ?? []
  const named = readStateTag(opaque)
  if (named === undefined) return undefined
  // Without content there is no saying which representation it is: a framework that makes a 304 itself has taken the fields away.
  const isKept = (status === 204 || status === 304) && named.representation !== undefined
  return isKept ? etag : stateTag(named.state, representation)
}

/** One strong tag. */
const strong = /^"([\x21\x23-\x7e]*)"$/

/** The entity tag of a reply. */
function tagOf({ headers }: Reply): EntityTag | undefined {
  const value = headers.get('etag')
  if (value === null) return undefined
  const parsed = parseTags(value)
  return parsed.kind === 'tags' && parsed.tags.length === 1 ? parsed.tags[0] : undefined
}

/** Reads compare representations: one that differs in its coding alone has to be sent. */
const ofReads: Comparison = { isRead: true, by: 'representation', acceptsWeakened: false }

/**
 * What becomes of the answer to a GET or HEAD, once its head is known and before any of its body is: the answer itself, 304 or 412 (RFC 9110 section 13.2). Only an answer
 * that is 200 is judged. A framework that evaluates If-None-Match on its own may have made 304 of it, without looking at If-Match first.
 */
export function judgeRead(problem: Problem, reply: Reply, preconditions: Preconditions, now: () => number): Reply {
  if (reply.status !== 200 && reply.status !== 304) return reply
  const modified = reply.headers.get('last-modified')
  const target: Target = { tag: tagOf(reply), modifiedAt: modified === null ? undefined : parseHttpDate(modified, now()) }
  const verdict = decide(preconditions, target, ofReads)
  if (verdict.kind === 'failed') return refuseStale(problem, verdict, reply.headers.get('etag'))
  return verdict.kind === 'not-modified' && reply.status === 200 ? toNotModified(reply) : reply
}

/** Fields that describe content that is not sent. The rest says what a 200 would have said, or what this exchange does: limits, links, CORS. */
const ofContent = new Set([
  'content-type',
  'content-length',
  'content-encoding',
  'content-language',
  'content-range',
  'content-digest',
  'content-md5',
  'digest',
  'repr-digest',
  'transfer-encoding',
  'trailer',
])

function toNotModified({ headers }: Reply): Reply {
  return createReply(
    304,
    [...headers].filter(([name]) => !ofContent.has(name)),
  )
}
