import type { Call } from '../core/call.ts'
import type { Clock } from '../core/clock.ts'
import { deadlineFact } from '../core/facts.ts'
import type { Next } from '../core/policy.ts'
import { beginAttempt, recordOf } from '../retry/record.ts'
import { originOf } from '../retry/per-origin.ts'
import { ClientCall } from './client-call.ts'
import { callOptionsFact } from './options.ts'
import { followRedirects } from './redirects.ts'
import { toHeadersInput } from './request-fields.ts'
import { sendAttempt } from './send-attempt.ts'
import type { Trust } from './trust.ts'
import type { BodyValue, Fetch } from './types.ts'

/** What sends calls. */
export interface TransportSettings {
  readonly fetch: Fetch | undefined
  readonly clock: Clock
  readonly trust: Trust
  readonly bodyIdleMs: number
}

const defaultBufferBytes = 1_048_576

/** Makes the innermost `next` of a client: one attempt through a `fetch`. */
export function toNext({ fetch, clock, trust, bodyIdleMs }: TransportSettings): Next {
  return function send(call) {
    const number = beginAttempt(call)
    const record = recordOf(call)
    record.endpoint = originOf(call.url)
    const own: Record<string, string> = {}
    if (trust(call.url)) {
      const remainingMs = call.facts.get(deadlineFact)?.remainingMs()
      if (remainingMs !== undefined && remainingMs < Number.POSITIVE_INFINITY)
        own['holdfast-timeout'] = String(Math.max(0, Math.floor(remainingMs)))
      if (number > 1) own['holdfast-attempt'] = String(number)
    }
    const buffer = call.facts.get(callOptionsFact)?.buffer
    const bufferBytes = buffer === true ? defaultBufferBytes : buffer === false ? 0 : (buffer ?? 0)
    return sendAttempt(call, (signal) => request(call, fetch ?? globalThis.fetch, own, signal), { clock, bodyIdleMs, bufferBytes })
  }
}

async function request(call: Call, fetch: Fetch, own: Record<string, string>, signal: AbortSignal): Promise<Response> {
  const { input, init, url } = call instanceof ClientCall ? call.source : { input: call.url, init: undefined, url: call.url }
  const changed: RequestInit = { ...init, headers: toHeadersInput(call.headers, own), signal }
  if (call.method !== methodOf(input, init)) changed.method = call.method
  const body = call instanceof ClientCall ? call.body.next() : await wholeBody(call)
  if (body === undefined) delete changed.body
  else changed.body = body
  if (body instanceof ReadableStream) changed.duplex = 'half'
  const target = call.url === url ? input : retarget(input, call.url)
  return followRedirects(fetch, call, target, changed)
}

async function wholeBody(call: Call): Promise<BodyValue | undefined> {
  const bytes = await call.bytes()
  return bytes.byteLength === 0 ? undefined : (bytes as BodyValue)
}

/** The method as `fetch` will see it. */
export function methodOf(input: string | URL | Request, init: RequestInit | undefined): string {
  return init?.method ?? (input instanceof Request ? input.method : 'GET')
}

/** The same request to another URL. */
function retarget(input: string | URL | Request, url: string): string | Request {
  return input instanceof Request ? new Request(url, input as RequestInit) : url
}
