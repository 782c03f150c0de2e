import type { OutgoingHttpHeaders, ServerResponse } from 'node:http'
import { ChangedFields } from '../../core/fields.ts'
import type { Fields } from '../../core/fields.ts'
import type { Reply } from '../../core/reply.ts'
import { isHttp1 } from './held.ts'

/** Applies to the framework's head what a policy's reply has different: only the changes, when the reply says what they are. */
export function changeHead(res: ServerResponse, live: Reply, reply: Reply): void {
  if (reply.status !== live.status) dropReason(res)
  const { headers } = reply
  if (headers === live.headers) return
  if (headers instanceof ChangedFields && headers.base === live.headers) {
    for (const [name, value] of headers.changes) {
      if (value === undefined) res.removeHeader(name)
      else res.setHeader(name, value)
    }
    return
  }
  setAll(res, headers)
}

/** Brings the head back to what was set before the framework's handler ran. */
export function restoreHead(res: ServerResponse, before: OutgoingHttpHeaders): void {
  for (const name of res.getHeaderNames()) if (before[name] === undefined) res.removeHeader(name)
  for (const name in before) res.setHeader(name, before[name] as string)
  dropReason(res)
}

/** The phrase belonged to another status; HTTP/2 has none, and warns of it. */
function dropReason(res: ServerResponse): void {
  if (isHttp1(res)) res.statusMessage = undefined as unknown as string
}

function setAll(res: ServerResponse, headers: Fields): void {
  const fields = [...headers]
  const cookies = headers.getSetCookie()
  for (const name of res.getHeaderNames()) res.removeHeader(name)
  for (const [name, value] of fields) if (name !== 'set-cookie') res.setHeader(name, value)
  if (cookies.length > 0) res.setHeader('set-cookie', cookies)
}
