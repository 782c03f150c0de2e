import {
  accountFact,
  createProblem,
  createReply,
  publish,
  routeFact,
  sentUrlFact,
  systemClock,
  targetOf,
  withHeaders,
} from '../core/index.ts'
import type { Call, Policy, Problem, Reply } from '../core/index.ts'
import { decideCursor } from './decide.ts'
import { linkField } from './link.ts'
import type { List } from './list.ts'
import { ndjsonType } from './ndjson.ts'
import type { PaginationOptions } from './options.ts'
import { createPage, pageFact } from './page.ts'
import type { OpenPage } from './page.ts'
import { decodeCursor } from './position.ts'
import type { Cursor } from './position.ts'
import { parseListQuery } from './query.ts'
import type { ListQuery } from './query.ts'
import { createCursorSealer } from './seal.ts'
import type { CursorSealer } from './seal.ts'

/**
 * Reads the query of a list, opens its cursor, and gives the handler a checked `pageOf()`; on the way back adds `Link`, a weak `ETag`, and
 * `Holdfast-Limit` when the limit asked for was above the highest. A caller that has the page already gets 304.
 *
 * A cursor never grants anything: who may see what is decided by the handler, on every page anew.
 *
 * @throws HoldfastError `configuration-invalid` for a secret that is missing or short
 * @example
 * const policy = pagination({ list: transferList, secrets: [secret] })
 */
export function pagination({
  list,
  secrets,
  namespace = 'api',
  clock = systemClock,
  problem = createProblem(),
}: PaginationOptions): Policy {
  const sealer = createCursorSealer({ secrets, namespace, list: list.name })
  return function pagination(call, next) {
    const now = clock.now()
    const { path, query } = targetOf(call.url)
    const parsed = parseListQuery(list, path, query)
    if ('issues' in parsed) {
      const [first] = parsed.issues
      return problem('query-invalid', { detail: `${first?.parameter}: ${first?.detail}`, members: { errors: parsed.issues } })
    }
    const opened = open(list, sealer, call, parsed, now)
    if (typeof opened === 'string') return refuse(call, problem, opened)
    const streams = list.stream && call.method !== 'HEAD' && accepts(call.headers.get('accept'), ndjsonType)
    // An export has one direction; its cursors are those of its own control lines, and next ones.
    if (streams && opened?.backward)
      return problem('query-invalid', {
        detail: 'cursor: leads back',
        members: { errors: [{ parameter: 'cursor', detail: 'leads back, and an export runs forward' }] },
      })
    const page = createPage({ list, query: parsed, cursor: opened, sealer, call, now, streams })
    call.facts.set(pageFact, page)
    const reply = next(call)
    return isPromise(reply) ? reply.then((settled) => adorn(call, page, settled)) : adorn(call, page, reply)
  }
}

type Refusal = 'invalid-cursor' | 'cursor-query-mismatch' | 'cursor-expired'

function refuse(call: Call, problem: Problem, code: Refusal): Reply {
  publish('pagination', code, call.facts.get(routeFact))
  return problem(code)
}

function open(list: List, sealer: CursorSealer, call: Call, query: ListQuery, now: number): Cursor | undefined | Refusal {
  if (query.cursor === undefined) return undefined
  const plain = sealer.open(call.facts.get(accountFact) ?? '', query.cursor)
  if (plain === 'invalid') return 'invalid-cursor'
  if (plain === 'expired') return 'cursor-expired'
  const cursor = decodeCursor(plain)
  if (cursor === undefined) return 'invalid-cursor'
  const verdict = decideCursor(cursor, { queryHash: query.hash, keyCount: query.sort.orders.length, now, ttlMs: list.ttlMs })
  switch (verdict) {
    case 'follow':
      return cursor
    case 'mismatch':
      return 'cursor-query-mismatch'
    case 'expired':
      return 'cursor-expired'
  }
}

function adorn(call: Call, page: OpenPage, reply: Reply): Reply {
  const vary = page.list.stream ? { vary: joined(reply.headers.get('vary'), 'accept') } : undefined
  const finished = page.finished()
  if (finished === undefined || reply.status !== 200) return vary === undefined ? reply : withHeaders(reply, vary)
  const { query } = targetOf(call.facts.get(sentUrlFact) ?? call.url)
  const fields = {
    ...vary,
    link: joined(reply.headers.get('link'), linkField(query, finished.envelope)),
    etag: reply.headers.get('etag') ?? finished.tag,
    ...(page.query.isClamped && { 'holdfast-limit': String(page.limit) }),
  }
  if (isKnown(call.headers.get('if-none-match'), fields.etag)) return createReply(304, fields)
  return withHeaders(reply, fields)
}

const joined = (before: string | null, added: string): string => (before === null ? added : `${before}, ${added}`)

/** If-None-Match compares weakly (RFC 9110 section 13.1.2). */
function isKnown(condition: string | null, tag: string): boolean {
  if (condition === null) return false
  const opaque = tag.replace(/^W\//, '')
  return condition.split(',').some((one) => one.trim() === '*' || one.trim().replace(/^W\//, '') === opaque)
}

/** Whether a type is named in Accept, and not refused by `q=0` (RFC 9110 section 12.5.1). A wildcard asks for no stream. */
function accepts(accept: string | null, type: string): boolean {
  return (accept ?? '').split(',').some((range) => {
    const [name = '', ...parameters] = range.toLowerCase().split(';')
    return name.trim() === type && !parameters.some((parameter) => /^\s*q\s*=\s*0(?:\.0*)?\s*$/.test(parameter))
  })
}

function isPromise(value: Promise<Reply> | Reply): value is Promise<Reply> {
  return 'then' in value
}
