import type { Call } from '../../core/call.ts'
import { runWithCall } from '../../core/current.ts'
import type { Policy } from '../../core/policy.ts'
import type { Reply } from '../../core/reply.ts'
import { failed, outcomeOf } from '../failure.ts'
import { Terminal, isPromised } from '../terminal.ts'
import { remember } from './call.ts'
import type { NodeCall } from './call.ts'
import { handOver } from './hand-over.ts'
import { isHttp1 } from './held.ts'
import { Interception } from './interception.ts'
import { addLateHeaders } from './late-headers.ts'
import { writeReply } from './write-reply.ts'

/**
 * Runs a call through a policy, with a framework's handler innermost. `proceed` starts the handler; an exception of its own
 * rejects `next()`.
 */
export function serve(policy: Policy, call: NodeCall, proceed: () => unknown): void {
  const terminal = new Terminal()
  const outcome = outcomeOf(policy, call, terminal.next)
  if (outcome === terminal && !terminal.isObserved && (!terminal.hasLateHeaders || isHttp1(call.res)))
    return runBare(call, terminal, proceed)
  let interception: Interception | undefined
  terminal.begin((inner) => {
    const installed = new Interception(call, terminal)
    interception = installed
    if (inner !== call) replace(call, inner)
    attempt(
      () => runWithCall(inner, proceed),
      (error) => installed.fail(error),
    )
  })
  const answer = (reply: Reply): void => {
    terminal.close()
    if (interception === undefined) refuse(call, reply)
    else interception.answer(reply)
  }
  if (isPromised(outcome)) outcome.then(answer, (error: unknown) => answer(failed(error)))
  else answer(outcome)
}

function replace(call: NodeCall, changed: Call): void {
  remember(call.req, changed)
  handOver(call, changed)
}

/** Nothing wrapped the handler's answer: nothing is installed, but for fields that are added to it. */
function runBare(call: NodeCall, terminal: Terminal, proceed: () => unknown): void {
  const inner = terminal.call ?? call
  if (inner !== call) replace(call, inner)
  terminal.runBare(call)
  if (terminal.hasLateHeaders) addLateHeaders(call.res, terminal)
  attempt(
    () => runWithCall(inner, proceed),
    (error) => {
      if (call.res.headersSent) call.res.destroy()
      else writeReply(call.req, call.res, failed(error))
    },
  )
}

/** A reply without a handler. What was read of the request's body was put back, and would else block the connection. */
function refuse({ req, res, hasReadAhead }: NodeCall, reply: Reply): void {
  writeReply(req, res, reply)
  if (hasReadAhead) req.resume()
}

function attempt(run: () => unknown, onError: (error: unknown) => void): void {
  try {
    const result = run()
    if (result instanceof Promise) result.catch(onError)
  } catch (error) {
    onError(error)
  }
}
