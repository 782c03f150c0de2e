import type { Call } from '../core/call.ts'
import { originOf } from '../retry/per-origin.ts'
import { recordOf } from '../retry/record.ts'
import { setLine, toCallFields, toInit } from './call-fields.ts'
import { ClientCall } from './client-call.ts'
import { ownTransportOf } from './own-transport.ts'
import type { Ending } from './own-transport.ts'
import { toRequestBody } from './request-body.ts'
import type { Trust } from './trust.ts'
import type { BodyValue, Fetch } from './types.ts'

/** What an attempt tells the one who sends it. */
export interface Sending extends Ending {
  /** How long its answer is waited for, milliseconds. */
  readonly patienceMs: number
  /** For a `fetch` that is not ours. */
  readonly signal: AbortSignal
}

/** Sends a call through a `fetch`, once. */
export function transmit(call: Call, fetch: Fetch, trust: Trust, sending: Sending): Promise<Response> {
  const { url, method, headers } = call
  if (!(call instanceof ClientCall))
    return call.bytes().then((bytes) => {
      const body = toRequestBody(bytes.byteLength === 0 ? undefined : (bytes as BodyValue))
      return transmit(new ClientCall({ input: url, init: {}, url }, body, call, call.facts), fetch, trust, sending)
    })
  const { source } = call
  const { input, init } = source
  const body = call.body.next()
  const record = recordOf(call)
  const number = ++record.attempts
  record.endpoint = originOf(url)
  const lines = toCallFields(headers).lines.slice()
  if (trust(url)) {
    // Whichever ends first is when nobody waits for this attempt's answer any more, and what a server that is behind should know.
    if (sending.patienceMs < 1e9) setLine(lines, 'holdfast-timeout', String(Math.floor(sending.patienceMs)))
    if (number > 1) setLine(lines, 'holdfast-attempt', String(number))
  }
  // A body that is being read already would be refused; ours is sent anyway.
  const head = (request: Request): RequestInit => new Request(request, body ? { body: '' } : {}) as RequestInit
  const target = url === source.url ? input : input instanceof Request ? new Request(url, head(input)) : url
  const own = ownTransportOf(fetch)
  if (own !== undefined) return own(target, init, method, lines, body, sending)
  const sent: RequestInit = { ...init, method, headers: toInit(lines), signal: sending.signal }
  if (body !== undefined) sent.body = body
  if (body instanceof ReadableStream) sent.duplex = 'half'
  return fetch(target, sent)
}
