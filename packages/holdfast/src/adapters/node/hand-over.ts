import type { Call } from '../../core/call.ts'
import { ChangedCall } from '../changed-call.ts'
import type { NodeCall, ParsedRequest } from './call.ts'

/**
 * Shows a framework the call as policies changed it: on Node they cannot be given another request, so URL, fields and body of the one they
 * have become those of the changed call.
 */
export function handOver(call: NodeCall, changed: Call): void {
  const { req } = call
  if (changed.url !== call.url && changed.url.startsWith('/')) {
    call.keptUrl = call.url
    setUrl(req, call.url, changed.url)
  }
  if (!(changed instanceof ChangedCall)) return
  const body = changed.changedBody
  if (changed.headers !== call.headers) setFields(req, changed)
  if (body !== undefined) setBody(call, body)
}

/** Behind a mount point Express has taken the beginning of the path off. */
function setUrl(req: ParsedRequest, before: string, url: string): void {
  if (req.url === before) req.url = url
  req.originalUrl &&= url
}

function setFields({ headers }: ParsedRequest, changed: Call): void {
  for (const name of Object.keys(headers)) if (!changed.headers.has(name)) delete headers[name]
  if (!(Symbol.iterator in changed.headers)) return
  for (const [name, value] of changed.headers as Iterable<[string, string]>)
    if (name !== 'content-length' && String(headers[name]) !== value) headers[name] = value
}

/** A body that nobody has read yet still lies on the way: only the call itself has the other one then. */
function setBody({ req, hasReadAhead }: NodeCall, body: Uint8Array): void {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength)
  if (req.rawBody !== undefined) req.rawBody = typeof req.rawBody === 'string' ? bytes.toString() : bytes
  // A body that was parsed already is parsed again; one that was read ahead and put back is put back with other bytes.
  if (req.body !== undefined && req.readableEnded) req.body = parsedLike(req.body, bytes)
  else if (hasReadAhead && req.readableLength > 0) {
    req.read()
    req.unshift(bytes)
  } else return
  if (req.headers['content-length'] !== undefined) req.headers['content-length'] = String(bytes.byteLength)
}

/** Bytes in the form that a parser had given the body before. */
export function parsedLike(before: unknown, bytes: Buffer): unknown {
  if (before instanceof Uint8Array) return bytes
  if (typeof before === 'string') return bytes.toString()
  return JSON.parse(bytes.toString()) as unknown
}
