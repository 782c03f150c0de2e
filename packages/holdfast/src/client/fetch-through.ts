import { waitingClock } from '../core/clock.ts'
import type { Clock } from '../core/clock.ts'
import type { Call } from '../core/call.ts'
import { HoldfastError } from '../core/errors.ts'
import type { Policy } from '../core/policy.ts'
import { safe } from '../retry/methods.ts'
import { bodyFact, recordOf } from '../retry/record.ts'
import { applyCallOptions, optionsOf } from './call-options.ts'
import { toCallFields } from './call-fields.ts'
import { ClientCall } from './client-call.ts'
import { keyOf } from './idempotency-key.ts'
import { remember } from './meta.ts'
import { OutcomeUnknown } from './outcome-unknown.ts'
import { absoluteUrl } from './platform.ts'
import { lasting, toRequestBody } from './request-body.ts'
import type { RequestBody, StreamKeeper } from './request-body.ts'
import { sendAttempt } from './send-attempt.ts'
import type { BodyWatch } from './send-attempt.ts'
import { transmit } from './transport.ts'
import type { Sending } from './transport.ts'
import { trustAll } from './trust.ts'
import type { Trust } from './trust.ts'
import type { BodyValue, CallOptions, Fetch } from './types.ts'

/** What stands under the policies. */
export interface FetchThroughOptions {
  /** Sends each attempt. @default the global fetch, as it is at the time of the call */
  readonly fetch?: Fetch
  /** Which origins get headers of ours. @default all; in a browser that of the page */
  readonly trust?: Trust
  /** Makes streams sendable more than once: `replayStreams()`. Without it a stream is for one attempt. */
  readonly keepStream?: StreamKeeper
  /** Looks after the bodies of answers: `bodyWatch()`. Without it they are left alone, and `buffer` does nothing. */
  readonly watch?: BodyWatch
  readonly clock?: Clock
}

/**
 * Makes a `fetch` out of policies. `createFetch` is this with all of them; use it to carry only what you need.
 *
 * @example
 * const fetch = fetchThrough(stack(deadline(), idempotencyKey(), retry(), attemptTimeout()))
 */
export function fetchThrough(policy: Policy, options: FetchThroughOptions = {}): Fetch {
  const { fetch, clock = waitingClock, trust = trustAll, watch, keepStream } = options

  const transport = (call: Call, sending: Sending): Promise<Response> => transmit(call, fetch ?? globalThis.fetch, trust, sending)

  function begin(
    input: string | URL | Request,
    init: RequestInit,
    given: RequestBody | undefined,
    rules: CallOptions | undefined,
  ): ClientCall {
    const request: Partial<Request> = input instanceof Request ? input : { url: String(input) }
    const url = absoluteUrl(request.url as string)
    const method = (init.method ?? request.method ?? 'GET').toUpperCase()
    const signal = init.signal ?? request.signal
    const body = given ?? bodyOf(request, init, rules)
    const headers = toCallFields(init.headers ?? request.headers)
    const call = new ClientCall({ input, init, url }, body, { method, url, headers, signal })
    call.facts.set(bodyFact, body)
    if (rules !== undefined) applyCallOptions(call, rules)
    return call
  }

  // What an asynchronous function keeps costs more than what it does: everything that is over before the first wait is elsewhere.
  async function run(input: string | URL | Request, init: RequestInit, given?: RequestBody, rules?: CallOptions): Promise<Response> {
    const call = begin(input, init, given, rules)
    let last: Call = call
    try {
      const reply = await policy(call, (inner) => sendAttempt((last = inner), transport, clock, watch))
      const response = reply instanceof Response ? reply : new Response(reply.body as BodyValue, { ...reply, headers: [...reply.headers] })
      remember(response, last)
      return response
    } catch (error) {
      throw failureOf(call, last, error)
    } finally {
      call.body.release()
    }
  }

  /** What a call rejects with. */
  function failureOf(call: ClientCall, last: Call, error: unknown): unknown {
    const { body, method, signal, source } = call
    const key = keyOf(last)
    const isUnknown = recordOf(call).isUnknown && !safe.has(method) && !signal?.aborted
    const resend = (changed: CallOptions | undefined): Promise<Response> => {
      if (key === undefined || !body.isIntact)
        throw new HoldfastError('outcome-unknown', 'without key and body a call cannot be sent again')
      return run(source.input, source.init, body, { ...optionsOf(call), ...changed, key })
    }
    const failure = isUnknown ? new OutcomeUnknown({ method, url: last.url, key }, error, resend) : error
    if (typeof failure === 'object' && failure !== null) remember(failure, last)
    return failure
  }

  function bodyOf(request: Partial<Request>, init: RequestInit, rules: CallOptions | undefined): RequestBody {
    if (rules?.body !== undefined) return lasting(rules.body)
    const given = init.body ?? (request.bodyUsed === false ? request.body : undefined)
    return toRequestBody(given as BodyValue | undefined, keepStream)
  }

  return function fetch(input, init) {
    if (init?.holdfast === undefined) return run(input, init ?? {})
    const { holdfast, ...rest } = init
    return run(input, rest, undefined, holdfast)
  }
}
