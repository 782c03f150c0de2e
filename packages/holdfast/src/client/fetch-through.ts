import { waitingClock } from '../core/clock.ts'
import type { Clock } from '../core/clock.ts'
import type { Call } from '../core/call.ts'
import type { Policy } from '../core/policy.ts'
import type { Reply } from '../core/reply.ts'
import { bodyFact, recordOf } from '../retry/record.ts'
import { ClientCall } from './client-call.ts'
import type { CallSource } from './client-call.ts'
import { keyOf } from './idempotency-key.ts'
import { lookUpKey } from './look-up.ts'
import { remember } from './meta.ts'
import { applyCallOptions } from './options.ts'
import { OutcomeUnknown } from './outcome-unknown.ts'
import type { Settlement } from './outcome-unknown.ts'
import { absoluteUrl, pageOrigin } from './platform.ts'
import type { ReplayLimits } from './replay-stream.ts'
import { madeBody, toRequestBody } from './request-body.ts'
import type { RequestBody } from './request-body.ts'
import { RequestFields } from './request-fields.ts'
import { methodOf, toNext } from './transport.ts'
import { trustAll } from './trust.ts'
import type { Trust } from './trust.ts'
import type { BodyValue, CallOptions, Fetch } from './types.ts'

/** What stands under the policies. */
export interface FetchThroughOptions {
  /** Sends each attempt. @default the global fetch, as it is at the time of the call */
  readonly fetch?: Fetch
  /** Which origins get headers of ours. @default all; in a browser that of the page */
  readonly trust?: Trust
  /** How long the body of an answer may make no progress while it is being read, milliseconds. @default 10_000 */
  readonly bodyIdleMs?: number
  /** How much of a body that is a stream is kept for a repeat, bytes. @default 1_048_576 */
  readonly replayBytes?: number
  /** The same for all calls of the process together, bytes. @default 16_777_216 */
  readonly replayBytesInAll?: number
  readonly clock?: Clock
}

const safe = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'QUERY'])

/** One thing that `fetch` was asked for, which may be sent more than once. */
interface Asked {
  readonly source: CallSource
  readonly method: string
  readonly body: RequestBody
  readonly signal: AbortSignal | undefined
}

/**
 * Makes a `fetch` out of policies. `createFetch` is this with all of them; use it to carry only what you need.
 *
 * @example
 * const fetch = fetchThrough(stack(deadline(), idempotencyKey(), retry(), attemptTimeout()))
 */
export function fetchThrough(policy: Policy, options: FetchThroughOptions = {}): Fetch {
  const { clock = waitingClock, trust = trustAll, bodyIdleMs = 10_000, replayBytes = 1_048_576, replayBytesInAll = 16_777_216 } = options
  const next = toNext({ fetch: options.fetch, clock, trust, bodyIdleMs })
  const limits = { bytesPerCall: replayBytes, bytesPerProcess: replayBytesInAll }

  async function run(asked: Asked, rules: CallOptions | undefined): Promise<Response> {
    const { source, method, body, signal } = asked
    const call = new ClientCall(source, body, { method, url: source.url, headers: fieldsOf(source), signal })
    if (body.isStream) call.facts.set(bodyFact, body)
    if (rules !== undefined) applyCallOptions(call, rules)
    const record = recordOf(call)
    let last: Call = call
    try {
      const reply = await policy(call, (inner) => next((last = inner)))
      const response = reply instanceof Response ? reply : toResponse(reply)
      remember(response, record, keyOf(last))
      return response
    } catch (error) {
      const isUnknown = record.isUnknown && !safe.has(method) && !signal?.aborted
      const failure = isUnknown ? new OutcomeUnknown(method, settlement(asked, rules, last), error) : error
      if (typeof failure === 'object' && failure !== null) remember(failure, record, keyOf(last))
      throw failure
    } finally {
      body.release()
    }
  }

  function settlement(asked: Asked, rules: CallOptions | undefined, last: Call): Settlement {
    const key = keyOf(last)
    return {
      key,
      resend: (changed) => run(asked, { ...rules, ...changed, ...(key !== undefined && { key }) }),
      lookUp: (waitSeconds) => lookUpKey(fetch, last, key as string, waitSeconds),
    }
  }

  const fetch: Fetch = async function fetch(input, init) {
    const { holdfast: rules, ...rest } = init ?? {}
    const url = absoluteUrl(input instanceof Request ? input.url : String(input))
    const source: CallSource = { input, init: rest, url }
    const signal = rest.signal ?? (input instanceof Request ? input.signal : undefined)
    const body = rules?.body === undefined ? await bodyOf(source, limits) : madeBody(rules.body)
    return run({ source, method: methodOf(input, rest).toUpperCase(), body, signal: signal ?? undefined }, rules)
  }
  return fetch
}

function fieldsOf({ input, init }: CallSource): RequestFields {
  return new RequestFields(init?.headers ?? (input instanceof Request ? input.headers : undefined))
}

/** The body of a call: of `init`, which counts before that of a `Request`. */
function bodyOf({ input, init }: CallSource, limits: ReplayLimits): RequestBody | Promise<RequestBody> {
  const given = init?.body
  if ((given !== undefined && given !== null) || !(input instanceof Request)) return toRequestBody(given, limits)
  // A body that is used already is left to `fetch`, which refuses it in its own words.
  if (input.body === null || input.bodyUsed) return toRequestBody(undefined, limits)
  // Browsers stream requests only over HTTP/2, and some not at all.
  if (pageOrigin() !== undefined) return input.arrayBuffer().then((bytes) => toRequestBody(bytes, limits))
  return toRequestBody(input.body as BodyValue, limits)
}

/** A reply that a policy gave itself. */
function toResponse({ status, headers, body }: Reply): Response {
  return new Response(body as BodyValue | null, { status, headers: [...headers] })
}
