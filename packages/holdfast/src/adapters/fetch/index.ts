import type { Call } from '../../core/call.ts'
import { runWithCall } from '../../core/current.ts'
import { policyOf } from '../../core/policy.ts'
import type { Policy, PolicySource } from '../../core/policy.ts'
import type { Reply } from '../../core/reply.ts'
import { failureReply, reportFailure } from '../failure.ts'
import { Terminal } from '../terminal.ts'
import { FetchCall, findCall, remember } from './call.ts'
import { LiveResponse, goneResponse } from './live-response.ts'
import { toResponse } from './to-response.ts'
import { whenSent } from './when-sent.ts'

export { callOf } from './call.ts'

/** A handler as fetch-style servers take it. What follows the request depends on the server: an environment, a context. */
export type FetchHandler<Rest extends unknown[]> = (request: Request, ...rest: Rest) => Response | Promise<Response>

/** Options of a fetch-style handler. */
export interface FetchOptions<Rest extends unknown[]> {
  /** The address of the caller, where the server tells it: `Deno.serve` in its second argument, Bun by `server.requestIP(request)`. */
  readonly peer?: (request: Request, ...rest: Rest) => string | undefined
}

/**
 * Puts a policy, or a declared API, round a fetch-style handler: Next.js, Bun, Deno, Workers, and Node behind any bridge.
 *
 * A handler that throws is answered with the problem `handler-failed`.
 *
 * @example
 * export default { fetch: holdfast(api, (request) => new Response('hello')) }
 */
export function holdfast<Rest extends unknown[]>(
  source: PolicySource,
  handler: FetchHandler<Rest>,
  { peer }: FetchOptions<Rest> = {},
): (request: Request, ...rest: Rest) => Promise<Response> {
  const policy = policyOf(source)
  return async function holdfast(request, ...rest) {
    const call = new FetchCall(request, findCall(request), peer && (() => peer(request, ...rest)))
    let response: Response
    try {
      response = await serve(policy, call, request, (seen) => handler(seen, ...rest))
    } catch (error) {
      reportFailure(error)
      response = toResponse(failureReply(error), undefined, request.method === 'HEAD')
    }
    return whenSent(response, call.takeClosing())
  }
}

async function serve(
  policy: Policy,
  call: FetchCall,
  request: Request,
  handle: (request: Request) => Response | Promise<Response>,
): Promise<Response> {
  remember(request, call)
  const terminal = new Terminal()
  const outcome = policy(call, terminal.next)
  if (outcome === terminal && !terminal.isObserved) {
    const inner = terminal.call ?? call
    const handled = runWithCall(inner, async () => handle(seenBy(inner, request)))
    const response = terminal.hasLateHeaders ? dressed(handled, terminal, request) : handled
    terminal.runBare({ sent: () => goneResponse(response) })
    return response
  }
  let live: LiveResponse | undefined
  terminal.begin((inner) => {
    runWithCall(inner, async () => handle(seenBy(inner, request))).then(
      (response) => terminal.resolve((live = new LiveResponse(response))),
      (error: unknown) => terminal.reject(error),
    )
  })
  let reply: Reply
  try {
    reply = await outcome
  } finally {
    terminal.close()
  }
  return toResponse(reply, live, request.method === 'HEAD')
}

async function dressed(handled: Promise<Response>, terminal: Terminal, request: Request): Promise<Response> {
  const live = new LiveResponse(await handled)
  return toResponse(terminal.dress(live), live, request.method === 'HEAD')
}

/** The request as the handler sees it: another one when a policy changed the call. */
function seenBy(call: Call, request: Request): Request {
  const seen = call.request
  if (seen !== request) remember(seen, call)
  return seen
}
