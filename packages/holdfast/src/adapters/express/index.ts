import type { IncomingMessage, ServerResponse } from 'node:http'
import { policyOf } from '../../core/policy.ts'
import type { PolicySource } from '../../core/policy.ts'
import { NodeCall } from '../node/call.ts'
import { serve } from '../node/serve.ts'

export { callOf } from '../node/call.ts'

/** Middleware as Express takes it, and everything of its shape: connect, restify, polka. */
export type Middleware = (req: IncomingMessage, res: ServerResponse, next: (error?: unknown) => void) => void

/**
 * Puts a policy, or a declared API, round the routes that follow. A handler that throws is answered by Express's own error
 * handler, and the policy sees that answer.
 *
 * @example
 * app.use(holdfast(api))
 */
export function holdfast(source: PolicySource): Middleware {
  const policy = policyOf(source)
  return function holdfast(req, res, next) {
    serve(policy, new NodeCall(req, res), next)
  }
}
