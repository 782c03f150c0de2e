import { hash } from 'node:crypto'
import { namedVersionFact, targetOf } from '../core/index.ts'
import type { Call, HeaderReader } from '../core/index.ts'
import { canonicalJson, parsePointers } from './canonical-json.ts'
import type { IgnoredMembers } from './canonical-json.ts'

/** What makes two calls the same one, besides method, path, query, content type, API version that was named, and body. */
export interface FingerprintOptions {
  /** JSON Pointers to members that may differ between attempts, such as a time of sending. @default [] */
  readonly ignore?: readonly string[]
  /** Header fields whose values count. @default [] */
  readonly headers?: readonly string[]
}

/** Longer JSON counts by its bytes: canonical form would cost more than it saves. */
const longestCanonical = 262_144

/** Changes when the same call would get another text, so that old and new records are never confused. */
const formatVersion = '1'

const decoder = new TextDecoder('utf-8', { fatal: true })

/**
 * Makes a function that writes down what a call is, as one text to be hashed. Every part is prefixed with its length, so no
 * two different calls share a text. JSON counts by its canonical form, a form by its parts, everything else, compressed JSON included, by its bytes.
 *
 * @throws CanonicalJsonError when a JSON body is not JSON
 */
export function describeCalls({ ignore = [], headers = [] }: FingerprintOptions = {}): (call: Call, body: Uint8Array) => string {
  const ignored = ignore.length > 0 ? parsePointers(ignore) : undefined
  const names = headers.map((name) => name.toLowerCase()).sort()
  return function describeCall(call, body) {
    const { path, query } = targetOf(call.url)
    const contentType = essenceOf(call.headers.get('content-type'))
    const text =
      part(formatVersion) +
      part(call.method) +
      part(path) +
      part(sortQuery(query)) +
      part(contentType) +
      part(call.facts.get(namedVersionFact) ?? '')
    const extra = names.map((name) => part(name) + part(call.headers.get(name) ?? '')).join('')
    return text + extra + part(describeBody(body, contentType, call.headers, ignored))
  }
}

function describeBody(body: Uint8Array, contentType: string, headers: HeaderReader, ignored: IgnoredMembers | undefined): string {
  if (body.byteLength === 0) return ''
  const coding = headers.get('content-encoding')
  if (coding !== null && coding !== 'identity') return `${coding} sha256:${hash('sha256', body, 'base64url')}`
  if (isJson(contentType) && body.byteLength <= longestCanonical) {
    const canonical = canonicalJson(decodeJson(body), ignored)
    if (canonical !== undefined) return canonical
  }
  const boundary = contentType.startsWith('multipart/') ? boundaryIn.exec(headers.get('content-type') ?? '') : null
  if (boundary !== null) return `parts sha256:${hash('sha256', withoutBoundary(body, boundary[1] ?? boundary[2] ?? ''), 'base64url')}`
  return `sha256:${hash('sha256', body, 'base64url')}`
}

const boundaryIn = /;\s*boundary=(?:"([^"]+)"|([^\s;"]+))/i

/** Whoever makes a form makes a boundary for it, and a form that is sent again is often made again: the parts are what counts. In place of the boundary stands what no byte is read as. */
function withoutBoundary(body: Uint8Array, boundary: string): string {
  return Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('latin1').replaceAll(`--${boundary}`, '\u0100')
}

function decodeJson(body: Uint8Array): string {
  try {
    return decoder.decode(body)
  } catch {
    // The bytes are not UTF-8, hence not JSON; the reader says so for the replacement character outside a string.
    return '\ufffd'
  }
}

function part(text: string): string {
  return `${text.length}:${text}`
}

/** By name only: the order of several values of one parameter may mean something. */
function sortQuery(query: string): string {
  if (!query.includes('&')) return query
  const pairs = query.split('&').map((pair) => [pair.split('=', 1)[0] as string, pair] as const)
  return pairs
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    .map(([, pair]) => pair)
    .join('&')
}

/** The media type without parameters, lower case (RFC 9110 section 8.3.1). */
export function essenceOf(contentType: string | null): string {
  if (contentType === null) return ''
  const end = contentType.indexOf(';')
  return (end < 0 ? contentType : contentType.slice(0, end)).trim().toLowerCase()
}

/** Whether a media type is JSON, `application/problem+json` and its like included. */
export function isJson(essence: string): boolean {
  return essence === 'application/json' || essence.endsWith('+json')
}
