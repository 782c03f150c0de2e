import { isHoldfastError, targetOf } from '../core/index.ts'
import type { Call, CallChange, HeaderReader, Problem, Reply } from '../core/index.ts'
import { decodeBytes, isPlain } from './coding.ts'
import type { RoutePlan } from './compile.ts'
import { traceOf } from './context.ts'
import type { VersionContext } from './context.ts'
import { withoutVersion } from './explicit.ts'
import { ChangedHeaders, essenceOf } from './fields.ts'
import { StepError, rewriteJson } from './json/rewrite.ts'
import type { PlanNode, Trace } from './json/rewrite.ts'
import { JsonSyntaxError } from './json/scanner.ts'

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const encoder = new TextEncoder()

/**
 * Brings a request to the newest version: path, query, fields and body. Comes back as a refusal when its body or its query cannot be read. A call that
 * needs nothing is returned as it came.
 */
export function upgradeRequest(
  call: Call,
  context: VersionContext,
  route: RoutePlan,
  problem: Problem,
): Promise<Call | Reply> | Call | Reply {
  const trace = traceOf(context)
  let url: string
  try {
    url = upgradeUrl(call, context, route, trace)
  } catch (error) {
    return refusalOf(error, context, problem, 'query')
  }
  const headers = upgradeFields(call.headers, route, trace)
  const change: Partial<CallChange> = { ...(url !== call.url && { url }), ...(headers !== call.headers && { headers }) }
  const plan = hasBody(call) ? route.request(essenceOf(call.headers.get('content-type'))) : undefined
  if (plan !== undefined) return upgradeBody(call, context, plan, change, problem)
  return url === call.url && headers === call.headers ? call : call.with(change)
}

function upgradeUrl(call: Call, { versions, plan }: VersionContext, route: RoutePlan, trace: Trace): string {
  const plain = versions.places.includes('path') ? withoutVersion(call.url) : call.url
  if (plan.paths === undefined && route.query === undefined) return plain
  const { path, query } = targetOf(plain)
  const upPath = plan.paths?.up(path, trace) ?? path
  const upQuery = route.query?.up(query, trace) ?? query
  if (upPath === path && upQuery === query) return plain
  const start = plain.startsWith('/') ? 0 : plain.indexOf(path, plain.indexOf('://') + 3)
  return plain.slice(0, Math.max(0, start)) + upPath + (upQuery === '' ? '' : `?${upQuery}`)
}

function upgradeFields(headers: HeaderReader, { fields }: RoutePlan, trace: Trace): HeaderReader {
  if (fields.length === 0) return headers
  const changes = new Map<string, string | null>()
  for (const {
    change,
    what: [before, after],
  } of fields) {
    const name = before.toLowerCase()
    const value = changes.get(name) ?? headers.get(name)
    if (value === null) continue
    trace.fired(change)
    changes.set(name, null)
    changes.set(after.toLowerCase(), value)
  }
  return changes.size === 0 ? headers : new ChangedHeaders(headers, changes)
}

const hasBody = ({ method }: Call): boolean => method !== 'GET' && method !== 'HEAD'

async function upgradeBody(
  call: Call,
  context: VersionContext,
  plan: PlanNode,
  change: Partial<CallChange>,
  problem: Problem,
): Promise<Call | Reply> {
  const limit = context.versions.maxBodyBytes
  try {
    const raw = await call.bytes(limit)
    if (raw.byteLength === 0) return Object.keys(change).length === 0 ? call : call.with(change)
    const coding = call.headers.get('content-encoding')
    const bytes = await decodeBytes(raw, coding, limit)
    if (bytes === undefined)
      return problem('body-invalid', {
        detail: 'under this API version the body must be sent without content-encoding, or as gzip, deflate or br',
      })
    const text = decoder.decode(bytes)
    const changed = rewriteJson(text, plan, traceOf(context))
    if (changed === text) return Object.keys(change).length === 0 ? call : call.with(change)
    const body = encoder.encode(changed)
    const fields = new Map<string, string | null>([['content-length', String(body.byteLength)]])
    if (!isPlain(coding)) fields.set('content-encoding', null)
    return call.with({ ...change, headers: new ChangedHeaders(change.headers ?? call.headers, fields), body })
  } catch (error) {
    return refusalOf(error, context, problem)
  }
}

function refusalOf(error: unknown, { versions }: VersionContext, problem: Problem, part: 'body' | 'query' = 'body'): Reply {
  if (isHoldfastError(error) && error.code === 'body-too-large') return problem('body-too-large', { detail: error.message })
  if (error instanceof JsonSyntaxError) return problem('body-invalid', { detail: error.message })
  // What the decoder throws for bytes that are not UTF-8.
  if (error instanceof TypeError) return problem('body-invalid', { detail: 'the body is not UTF-8' })
  if (error instanceof StepError)
    return problem(`${part}-invalid`, {
      detail: `the ${part} does not have the shape of its API version`,
      members: { change: versions.chain.changes[error.change]?.id },
    })
  throw error
}
