import { isLiveBody } from '../../core/body.ts'
import type { Reply } from '../../core/reply.ts'
import { assertReply } from '../terminal.ts'
import type { LiveResponse, ResponseBody } from './live-response.ts'

/** The `Response` of a policy's reply, given the handler's own response where there was one. */
export function toResponse(reply: Reply, live: LiveResponse | undefined, isHead: boolean): Response {
  assertReply(reply)
  if (reply === live) return live.toResponse()
  if (reply instanceof Response) return reply
  const headers = new Headers([...reply.headers])
  // A handler's stream may say so; beside the length that servers give a body which was captured, clients refuse it (RFC 9112 section 6.2).
  headers.delete('transfer-encoding')
  return new Response(toBody(reply, headers, live, isHead), { status: reply.status, headers })
}

function toBody({ status, body }: Reply, headers: Headers, live: LiveResponse | undefined, isHead: boolean): ResponseBody {
  const isLive = live !== undefined && body === live.body
  if (body !== null && !isLive && typeof body === 'object' && isLiveBody(body)) {
    throw new TypeError('a live body belongs to the answer it came with; capture it to send its bytes elsewhere')
  }
  // The statuses the fetch standard calls null body statuses: `new Response` throws on a body there.
  if (status === 204 || status === 205 || status === 304) {
    headers.delete('content-length')
    return null
  }
  if (isLive) return live.toBody()
  const length = lengthOf(body as Exclude<Reply['body'], { capture: unknown }>)
  if (length !== undefined && !(body === null && isHead)) headers.set('content-length', String(length))
  return isHead ? null : (body as ResponseBody)
}

function lengthOf(body: string | Uint8Array | ReadableStream<Uint8Array> | null): number | undefined {
  if (body === null) return 0
  if (typeof body === 'string') return new TextEncoder().encode(body).byteLength
  return body instanceof Uint8Array ? body.byteLength : undefined
}
