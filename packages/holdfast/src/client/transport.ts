import type { Call } from '../core/call.ts'
import { deadlineFact } from '../core/facts.ts'
import { originOf } from '../retry/per-origin.ts'
import { recordOf } from '../retry/record.ts'
import { ClientCall } from './client-call.ts'
import type { Trust } from './trust.ts'
import type { BodyValue, Fetch } from './types.ts'

/** Sends a call through a `fetch`, once. */
export async function transmit(call: Call, fetch: Fetch, trust: Trust, signal: AbortSignal): Promise<Response> {
  const record = recordOf(call)
  const number = ++record.attempts
  record.endpoint = originOf(call.url)
  const { input, init, url } = call instanceof ClientCall ? call.source : { input: call.url, init: undefined, url: call.url }
  const headers = new Headers(call.headers as Headers)
  if (trust(call.url)) {
    const remainingMs = call.facts.get(deadlineFact)?.remainingMs()
    if (remainingMs !== undefined && remainingMs < 1e9) headers.set('holdfast-timeout', String(Math.floor(remainingMs)))
    if (number > 1) headers.set('holdfast-attempt', String(number))
  }
  const body = call instanceof ClientCall ? call.body.next() : ((await call.bytes()) as BodyValue)
  const sent: RequestInit = { ...init, method: call.method, headers, signal }
  if (body !== undefined) sent.body = body
  if (body instanceof ReadableStream) sent.duplex = 'half'
  const target = call.url === url ? input : input instanceof Request ? new Request(call.url, input as RequestInit) : call.url
  return fetch(target, sent)
}
