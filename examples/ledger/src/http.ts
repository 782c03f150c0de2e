import { accountFact, createReply, targetOf } from 'holdfast'
import type { Call, Reply } from 'holdfast'
import type { Reader } from './input.ts'
import { parseJson, toJson } from './json.ts'
import { invalid } from './refusals.ts'
import type { Issue } from './refusals.ts'

/** The `:names` of a path, decoded. */
export type Params = Readonly<Record<string, string>>

/** What answers a call. */
export type Handler<Body = unknown> = (call: Call, params: Params, body: Body) => Promise<Reply> | Reply

/** The longest body that is read, in bytes: as much as Holdfast compares. */
const longestBody = 1_048_576

const utf8 = new TextDecoder('utf-8', { fatal: true })

/** Hands the handler the body it wants, or refuses the call with all that is wrong with the body. */
export function reading<Body>(reader: Reader<Body>, handler: Handler<Body>): Handler {
  return async (call, params) => {
    const issues: Issue[] = []
    const body = reader(toValue(await call.bytes(longestBody), issues), '', issues)
    return issues.length > 0 ? invalid(issues) : handler(call, params, body)
  }
}

/** Hands the handler whatever JSON came. */
export function readingAny(handler: Handler): Handler {
  return reading((value, pointer, issues) => {
    if (value === undefined) issues.push({ pointer, detail: 'is missing' })
    return value
  }, handler)
}

function toValue(bytes: Uint8Array, issues: Issue[]): unknown {
  try {
    return bytes.byteLength === 0 ? undefined : parseJson(utf8.decode(bytes))
  } catch {
    issues.push({ pointer: '', detail: 'must be JSON in UTF-8' })
    return {}
  }
}

/** The account a call belongs to. Routes without one must not ask. */
export function accountIn(call: Call): string {
  const account = call.facts.get(accountFact)
  if (account === undefined) throw new Error(`${call.method} ${call.url} has no account: declare its route`)
  return account
}

/** The query of a call, by name. */
export function queryOf(call: Call): URLSearchParams {
  return new URLSearchParams(targetOf(call.url).query)
}

/** Something with an entity tag. */
interface Resource {
  readonly etag: string
  readonly [member: string]: unknown
}

/** Sends a resource with its entity tag. Holdfast makes a 304 of it for callers that have it already. */
export function represent(status: number, resource: Resource, headers: Readonly<Record<string, string>> = {}): Reply {
  const { etag } = resource
  return createReply(status, { 'content-type': 'application/json', etag, ...headers }, toJson(resource))
}
