import type { Call } from '../../core/call.ts'
import { policyOf } from '../../core/policy.ts'
import type { PolicySource } from '../../core/policy.ts'
import { callOf as callOfRaw } from '../node/call.ts'
import { mayHaveBody } from '../request-body.ts'
import { FastifyCall, attachKept } from './call.ts'
import { exchangeOf, start } from './exchange.ts'
import { KeptBody, keepBody } from './kept-body.ts'
import type { FastifyPlugin, Hooks } from './types.ts'

export type { FastifyInstance, FastifyPlugin } from './types.ts'

/**
 * Puts a policy, or a declared API, round all routes of the application that registers it. It runs after Fastify has parsed
 * and validated the body, and before the handler; a handler that throws is answered by Fastify's own error handler, and the
 * policy sees that answer.
 *
 * @example
 * app.register(holdfast(api))
 */
export function holdfast(source: PolicySource): FastifyPlugin {
  const policy = policyOf(source)
  const plugin: FastifyPlugin = function holdfast(instance, _options, done) {
    const hooks = instance as unknown as Hooks & { readonly initialConfig?: { readonly bodyLimit?: number } }
    // Fastify's own default.
    const limit = hooks.initialConfig?.bodyLimit ?? 1_048_576
    hooks.addHook('preParsing', (request, _reply, payload, parsed) => {
      if (mayHaveBody(request.raw)) {
        const kept = new KeptBody(limit, () => request.routeOptions.bodyLimit)
        attachKept(request.raw, kept)
        keepBody(payload as Parameters<typeof keepBody>[0], kept)
      }
      parsed()
    })
    hooks.addHook('preHandler', (request, reply, handled) => {
      start(policy, new FastifyCall(request, reply.raw), reply, handled)
    })
    hooks.addHook('onSend', (_request, reply, payload, sent) => {
      const exchange = exchangeOf(reply)
      if (exchange === undefined) sent()
      else exchange.intercept(payload, sent)
    })
    done()
  }
  // Without this Fastify would confine the hooks to routes declared inside the plugin, of which there are none.
  return Object.assign(plugin, { [Symbol.for('skip-override')]: true, [Symbol.for('fastify.display-name')]: 'holdfast' })
}

/**
 * The call of a request, for code that has the request at hand.
 *
 * @throws HoldfastError `no-current-call` for a request no adapter has seen
 * @example
 * app.get('/whoami', (request) => callOf(request).facts.get(accountFact))
 */
export function callOf(request: { readonly raw: object }): Call {
  return callOfRaw(request.raw)
}
