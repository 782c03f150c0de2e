import type { Call } from '../core/call.ts'
import { deadlineFact } from '../core/facts.ts'
import { originOf } from '../retry/per-origin.ts'
import { recordOf } from '../retry/record.ts'
import { attemptTimeoutFact } from './attempt-timeout.ts'
import { toCallFields } from './call-fields.ts'
import { ClientCall } from './client-call.ts'
import type { Trust } from './trust.ts'
import type { BodyValue, Fetch, HeadersInput } from './types.ts'

/** Sends a call through a `fetch`, once. */
export function transmit(call: Call, fetch: Fetch, trust: Trust, signal: AbortSignal): Promise<Response> {
  return call instanceof ClientCall
    ? send(call, call.body.next(), fetch, trust, signal)
    : call.bytes().then((bytes) => send(call, bytes as BodyValue, fetch, trust, signal))
}

function send(call: Call, body: BodyValue | undefined, fetch: Fetch, trust: Trust, signal: AbortSignal): Promise<Response> {
  const record = recordOf(call)
  const number = ++record.attempts
  record.endpoint = originOf(call.url)
  const { input, init, url } = call instanceof ClientCall ? call.source : { input: call.url, init: undefined, url: call.url }
  const headers: Record<string, string> = { ...toCallFields(call.headers).record }
  if (trust(call.url)) {
    // Whichever ends first is when nobody waits for this attempt's answer any more, and what a server that is behind should know.
    const attemptMs = call.facts.get(attemptTimeoutFact) ?? Number.POSITIVE_INFINITY
    const remainingMs = Math.min(call.facts.get(deadlineFact)?.remainingMs() ?? Number.POSITIVE_INFINITY, attemptMs)
    if (remainingMs < 1e9) headers['holdfast-timeout'] = String(Math.floor(remainingMs))
    if (number > 1) headers['holdfast-attempt'] = String(number)
  }
  const sent: RequestInit = { ...init, method: call.method, headers: headers as HeadersInput, signal }
  if (body !== undefined) sent.body = body
  if (body instanceof ReadableStream) sent.duplex = 'half'
  return fetch(call.url === url ? input : input instanceof Request ? new Request(call.url, input as RequestInit) : call.url, sent)
}
