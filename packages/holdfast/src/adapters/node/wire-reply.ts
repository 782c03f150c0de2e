import { isLiveBody } from '../../core/body.ts'
import type { Reply } from '../../core/reply.ts'

/** A reply ready to be written: its fields as Node's `writeHead` takes them, and the body that goes with them. */
export interface WireReply {
  readonly head: Record<string, string | string[]>
  readonly body: Uint8Array | string | ReadableStream<Uint8Array> | null
}

/** Belong to one connection, not to a message (RFC 9110 section 7.6.1); HTTP/2 refuses them (RFC 9113 section 8.2.2). */
const ofConnection = new Set(['connection', 'keep-alive', 'proxy-connection', 'transfer-encoding', 'upgrade'])

/** Frames a reply: content-length for a body whose length is known, and no body where HTTP allows none. */
export function toWireReply(reply: Reply, isHead: boolean, isHttp2: boolean): WireReply {
  const { status, body } = reply
  if (body !== null && typeof body === 'object' && isLiveBody(body)) {
    throw new TypeError('a live body belongs to the answer it came with; capture it to send its bytes elsewhere')
  }
  const head = toRecord(reply, isHttp2)
  if (status < 200 || status === 204 || status === 304) {
    delete head['content-length']
    return { head, body: dropped(body) }
  }
  if (body === null) {
    // Without a body, a reply to HEAD declares what GET would have sent.
    if (!isHead) head['content-length'] = '0'
  } else if (!(body instanceof ReadableStream)) head['content-length'] = String(Buffer.byteLength(body))
  return { head, body: isHead ? dropped(body) : body }
}

function toRecord({ headers }: Reply, isHttp2: boolean): WireReply['head'] {
  const head: WireReply['head'] = {}
  for (const [name, value] of headers) {
    if (name === 'transfer-encoding' || (isHttp2 && ofConnection.has(name))) continue
    if (name === 'set-cookie') ((head[name] ??= []) as string[]).push(value)
    else head[name] = value
  }
  return head
}

function dropped(body: WireReply['body']): null {
  if (body instanceof ReadableStream) void body.cancel().catch(() => {})
  return null
}
