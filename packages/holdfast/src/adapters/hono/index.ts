import type { Call } from '../../core/call.ts'
import { runWithCall } from '../../core/current.ts'
import { HoldfastError } from '../../core/errors.ts'
import { ChangedFields } from '../../core/fields.ts'
import { policyOf } from '../../core/policy.ts'
import type { Policy, PolicySource } from '../../core/policy.ts'
import type { Reply } from '../../core/reply.ts'
import { failureReply, reportFailure } from '../failure.ts'
import { LiveResponse, goneResponse } from '../fetch/live-response.ts'
import { toResponse } from '../fetch/to-response.ts'
import { whenSent } from '../fetch/when-sent.ts'
import { addLateHeaders } from '../node/late-headers.ts'
import { Terminal } from '../terminal.ts'
import { HonoCall } from './call.ts'

const callKey: unique symbol = Symbol('holdfast.call')

/** The slice of Hono's context that the adapter uses. */
export interface HonoContext {
  readonly req: { raw: Request }
  readonly env: unknown
  res: Response
  [callKey]?: Call
}

/** Middleware as Hono takes it. */
export type HonoMiddleware = (context: HonoContext, next: () => Promise<void>) => Promise<Response | void>

/**
 * Puts a policy, or a declared API, round the routes that follow. A handler that throws is answered by the app's own `onError`,
 * and the policy sees that answer.
 *
 * @example
 * app.use(holdfast(api))
 */
export function holdfast(source: PolicySource): HonoMiddleware {
  const policy = policyOf(source)
  return function holdfast(context, next) {
    const call = new HonoCall(context.req.raw, context.env, context[callKey])
    context[callKey] = call
    return serve(policy, call, context, next)
  }
}

/**
 * The call of a context, for code that has the context at hand.
 *
 * @throws HoldfastError `no-current-call` for a context no adapter has seen
 * @example
 * app.get('/whoami', (c) => c.text(callOf(c).facts.get(accountFact) ?? ''))
 */
export function callOf(context: HonoContext): Call {
  const call = context[callKey]
  if (call === undefined) throw new HoldfastError('no-current-call', 'this context has no call; mount the adapter before this route')
  return call
}

function serve(policy: Policy, call: HonoCall, context: HonoContext, next: () => Promise<void>): Promise<Response | void> {
  const terminal = new Terminal()
  let outcome: Promise<Reply> | Reply
  try {
    outcome = policy(call, terminal.next)
  } catch (error) {
    outcome = Promise.reject<Reply>(error as Error)
  }
  if (outcome !== terminal || terminal.isObserved) return suspend(call, outcome, terminal, context, next)
  const ran = terminal.hasLateHeaders ? runDressed(call, terminal, context, next) : runHandler(terminal.call ?? call, context, next)
  terminal.runBare({ sent: () => goneResponse(ran.then(() => context.res)) })
  return ran
}

/**
 * Runs the handler, and adds fields to what it answers: on Node to the head as it is written, since those of a `Response` cost more to touch than
 * the rest of its way.
 */
function runDressed(call: HonoCall, terminal: Terminal, context: HonoContext, next: () => Promise<void>): Promise<void> {
  const { response } = call
  if (response === undefined) return dress(call, terminal, context, next)
  addLateHeaders(response, terminal)
  return runHandler(terminal.call ?? call, context, next)
}

async function dress(call: HonoCall, terminal: Terminal, context: HonoContext, next: () => Promise<void>): Promise<void> {
  await runHandler(terminal.call ?? call, context, next)
  const live = new LiveResponse(context.res)
  answer(context, terminal.dress(live), live)
}

async function suspend(
  first: HonoCall,
  outcome: Promise<Reply> | Reply,
  terminal: Terminal,
  context: HonoContext,
  next: () => Promise<void>,
): Promise<Response | void> {
  let live: LiveResponse | undefined
  let thrown: { readonly error: unknown } | undefined
  terminal.begin((call) => {
    runHandler(call, context, next).then(
      () => terminal.resolve((live = new LiveResponse(context.res))),
      (error: unknown) => {
        thrown = { error }
        terminal.reject(error)
      },
    )
  })
  let reply: Reply
  try {
    reply = await outcome
  } catch (error) {
    // The handler's own error, which no policy has answered, is the app's to answer.
    if (thrown !== undefined && thrown.error === error) {
      for (const action of first.takeClosing()) action()
      throw error
    }
    reportFailure(error)
    reply = failureReply(error)
  } finally {
    terminal.close()
  }
  let response: Response | undefined
  try {
    response = answer(context, reply, live)
  } catch (error) {
    reportFailure(error)
    response = answer(context, failureReply(undefined), live)
  }
  const actions = first.takeClosing()
  return actions.length === 0 ? response : closing(context, response, actions)
}

/** Lets actions run when the answer was sent, where the server does not tell by itself. */
function closing(context: HonoContext, response: Response | undefined, actions: readonly (() => void)[]): Response | undefined {
  if (response !== undefined) return whenSent(response, actions)
  const sent = whenSent(context.res, actions)
  if (sent !== context.res) replaceResponse(context, sent)
  return undefined
}

function runHandler(call: Call, context: HonoContext, next: () => Promise<void>): Promise<void> {
  const seen = call.request
  if (seen !== context.req.raw) {
    context.req.raw = seen
    context[callKey] = call
  }
  return runWithCall(call, next)
}

function answer(context: HonoContext, reply: Reply, live: LiveResponse | undefined): Response | undefined {
  const isHead = context.req.raw.method === 'HEAD'
  if (live === undefined) return toResponse(reply, live, isHead)
  if (live.isUntouched && (reply === live || changeInPlace(context.res, live, reply))) return undefined
  const response = toResponse(reply, live, isHead)
  replaceResponse(context, response)
  return undefined
}

/** Hono lays the fields of the response before over the one it is given, unless there is none. */
function replaceResponse(context: HonoContext, response: Response): void {
  ;(context as { res: Response | undefined }).res = undefined
  context.res = response
}

/** Header fields are changed on the handler's own response, as Hono's own middleware does; false when it cannot be done so. */
function changeInPlace(response: Response, live: LiveResponse, { status, headers, body }: Reply): boolean {
  if (status !== live.status || body !== live.body || !(headers instanceof ChangedFields) || headers.base !== live.headers) return false
  try {
    for (const [name, value] of headers.changes) {
      if (value === undefined) response.headers.delete(name)
      else response.headers.set(name, value)
    }
    return true
  } catch {
    // The fields of a response that came from `fetch` cannot be changed.
    return false
  }
}
