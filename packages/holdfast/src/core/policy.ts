import type { Call } from './call.ts'
import type { Reply } from './reply.ts'

/** Carries a call on to what lies further in: the next policy, or the handler. */
export type Next = (call: Call) => Promise<Reply> | Reply

/**
 * Wraps a call. The one function type of server, gateway and client (Finagle's Filter, Tower's Service).
 *
 * A refusal is a reply; an exception is a bug or a broken dependency. With nothing to do, return `next(call)` without awaiting it.
 * In a server `next` may be called at most once.
 *
 * @example
 * const poweredBy: Policy = async (call, next) => withHeaders(await next(call), { 'x-powered-by': 'holdfast' })
 */
export type Policy = (call: Call, next: Next) => Promise<Reply> | Reply

/** Makes a policy of what is done before a call goes on. */
export function beforeCall(before: (call: Call) => Call): Policy {
  return (call, next) => next(before(call))
}

/**
 * Composes policies into one, the first outermost. Composed once; the innermost handler is given with each call.
 *
 * @example
 * const policy = stack(deadline(), rateLimit(options), idempotency(options))
 */
export function stack(...policies: readonly Policy[]): Policy {
  return policies.length === 0
    ? passThrough
    : policies.reduceRight((inner, outer) => (call, next) => outer(call, (changed) => inner(changed, next)))
}

const passThrough: Policy = (call, next) => next(call)

/** What adapters accept: one policy, or anything that has one, as `defineApi` returns. */
export type PolicySource = Policy | { readonly policy: Policy }

/** The policy of a source. */
export function policyOf(source: PolicySource): Policy {
  return typeof source === 'function' ? source : source.policy
}
