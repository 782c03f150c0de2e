import { captureBody, mapBody, targetOf, withBody, withHeaders } from '../core/index.ts'
import type { Call, Reply } from '../core/index.ts'
import type { Refusal } from './change.ts'
import { decodeBytes, isPlain } from './coding.ts'
import type { RoutePlan, VersionPlan } from './compile.ts'
import { essenceOf } from './fields.ts'
import { rewriteJson } from './json/rewrite.ts'
import type { PlanNode, Trace } from './json/rewrite.ts'
import { rewriteValue, toValue } from './json/value.ts'
import { rewriteLines } from './lines.ts'
import { downgradeLinks, downgradeUrl } from './links.ts'
import type { LinkPlan } from './links.ts'

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** What an answer is translated by. */
export interface Downgrade {
  readonly plan: VersionPlan
  readonly route: RoutePlan
  readonly trace: Trace
  readonly maxBodyBytes: number
  /** As it arrived: not yet upgraded. */
  readonly call: Call
  /** What stands before paths when the version is named there. */
  readonly prefix: string
}

/** The answer is too long to be translated, or its coding cannot be taken off. */
export class AnswerUnreadable extends Error {}

/**
 * Brings an answer to an older version: status, fields and body. An answer for which nothing is planned is returned as it came, its body
 * unread.
 *
 * @throws StepError, JsonSyntaxError or AnswerUnreadable when it cannot be translated: the newest shape must not leak
 */
export async function downgradeReply(reply: Reply, downgrade: Downgrade): Promise<Reply> {
  const { route } = downgrade
  const type = essenceOf(reply.headers.get('content-type'))
  const withLinks = downgradeFields(reply, downgrade)
  const plan = route.response(reply.status, type)
  const status = route.status(reply.status, downgrade.trace)
  const translated =
    reply.status >= 400 && type === 'application/problem+json'
      ? await downgradeRefusal(withLinks, plan, downgrade)
      : plan === undefined
        ? withLinks
        : await downgradeBody(withLinks, plan, type, downgrade)
  // A change of refusals that gave it another status has the last word.
  return status === reply.status || translated.status !== reply.status ? translated : { ...translated, status }
}

const isBodiless = ({ status, body }: Reply, { method }: Call): boolean =>
  body === null || method === 'HEAD' || status === 204 || status === 205 || status === 304

/** A HEAD tells the length that GET would have, which nobody knows before it is translated. */
function withoutLength(reply: Reply): Reply {
  return reply.headers.has('content-length') ? withHeaders(reply, { 'content-length': undefined }) : reply
}

async function downgradeBody(reply: Reply, plan: PlanNode, type: string, { call, trace, maxBodyBytes }: Downgrade): Promise<Reply> {
  if (isBodiless(reply, call)) return withoutLength(reply)
  const coding = reply.headers.get('content-encoding')
  if (type === 'application/x-ndjson' && isPlain(coding)) {
    const lines = mapBody(reply.body, rewriteLines(plan, trace, maxBodyBytes))
    if (lines === undefined) throw new AnswerUnreadable('this body cannot be translated while it streams')
    return withHeaders(withBody(reply, lines), { 'content-length': undefined, ...withoutDigests(reply) })
  }
  const { body, text } = await readText(reply, maxBodyBytes)
  if (text === '') return withBody(reply, body)
  const changed = rewriteJson(text, plan, trace)
  if (changed === text && isPlain(coding)) return withBody(reply, body)
  return withText(reply, changed)
}

async function downgradeRefusal(
  reply: Reply,
  plan: PlanNode | undefined,
  { call, route, plan: version, trace, maxBodyBytes }: Downgrade,
): Promise<Reply> {
  if (plan === undefined && version.refusal === undefined && version.missing.size === 0) return reply
  if (isBodiless(reply, call)) return withoutLength(reply)
  const { body, text } = await readText(reply, maxBodyBytes)
  if (text === '') return withBody(reply, body)
  const inside = plan === undefined ? text : rewriteJson(text, plan, trace)
  const value = toValue(inside)
  const pointed = pointTo(value, route)
  const before: Refusal = { status: reply.status, body: pointed, contentType: 'application/problem+json' }
  const told = version.refusal?.(before, trace) ?? before
  const changed = rewriteValue(inside, told.body)
  const answer = changed === text ? withBody(reply, body) : withText(reply, changed)
  const typed = told.contentType === before.contentType ? answer : withHeaders(answer, { 'content-type': told.contentType })
  return told.status === reply.status ? typed : { ...typed, status: told.status }
}

/** What is wrong with a request is shown where the caller's version has it. */
function pointTo(value: unknown, { pointers }: RoutePlan): unknown {
  const { errors } = (value ?? {}) as { errors?: unknown }
  if (!Array.isArray(errors)) return value
  const moved = errors.map((error: unknown) => {
    if (typeof error !== 'object' || error === null) return error
    const { pointer, parameter } = error as { pointer?: unknown; parameter?: unknown }
    return {
      ...error,
      ...(typeof pointer === 'string' && { pointer: pointers.pointer(pointer) }),
      ...(typeof parameter === 'string' && { parameter: pointers.parameter(parameter) }),
    }
  })
  return { ...(value as object), errors: moved }
}

function downgradeFields(reply: Reply, { plan, route, call, prefix, trace }: Downgrade): Reply {
  const changes: Record<string, string | undefined> = {}
  const { paths } = plan
  if (paths !== undefined || route.query !== undefined || prefix !== '') {
    const path = targetOf(call.url).path.slice(prefix.length)
    const links: LinkPlan = { paths, query: route.query, ownPath: paths?.up(path) ?? path, host: call.headers.get('host'), trace, prefix }
    for (const name of ['location', 'content-location']) {
      const value = reply.headers.get(name)
      if (value !== null) changes[name] = downgradeUrl(value, links)
    }
    const link = reply.headers.get('link')
    if (link !== null) changes['link'] = downgradeLinks(link, links)
  }
  for (const {
    change,
    what: [before, after],
  } of route.fields.toReversed()) {
    const value = changes[after.toLowerCase()] ?? reply.headers.get(after)
    if (value === null) continue
    trace.fired(change)
    changes[after.toLowerCase()] = undefined
    changes[before.toLowerCase()] = value
  }
  return Object.keys(changes).length === 0 ? reply : withHeaders(reply, changes)
}

async function readText(reply: Reply, limit: number): Promise<{ body: Reply['body']; text: string }> {
  const { body, bytes } = await captureBody(reply.body, limit)
  if (bytes === undefined) throw new AnswerUnreadable(`the answer is longer than ${limit} bytes`)
  const plain = await decodeBytes(bytes, reply.headers.get('content-encoding'), limit)
  if (plain === undefined) throw new AnswerUnreadable('the coding of the answer cannot be taken off')
  return { body, text: decoder.decode(plain) }
}

function withText(reply: Reply, text: string): Reply {
  return withHeaders(withBody(reply, text), { 'content-length': undefined, 'content-encoding': undefined, ...withoutDigests(reply) })
}

/** Digests (RFC 9530) of bytes that are sent no more. */
function withoutDigests({ headers }: Reply): Record<string, undefined> {
  const gone: Record<string, undefined> = {}
  for (const name of ['content-digest', 'repr-digest', 'digest', 'content-md5']) if (headers.has(name)) gone[name] = undefined
  return gone
}
