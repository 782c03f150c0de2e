import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { policyOf } from '../../core/policy.ts'
import type { PolicySource } from '../../core/policy.ts'
import { NodeCall } from './call.ts'
import { serve } from './serve.ts'

export { callOf } from './call.ts'

/**
 * Puts a policy, or a declared API, round a handler for `node:http`.
 *
 * A handler that throws, or rejects, is answered with the problem `handler-failed`.
 *
 * @example
 * createServer(holdfast(api, (req, res) => res.end('hello'))).listen(3000)
 */
export function holdfast(source: PolicySource, handler: (req: IncomingMessage, res: ServerResponse) => unknown): RequestListener {
  const policy = policyOf(source)
  return (req, res) => serve(policy, new NodeCall(req, res), () => handler(req, res))
}
