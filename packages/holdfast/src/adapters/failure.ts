import { channel } from 'node:diagnostics_channel'
import type { Call } from '../core/call.ts'
import { isHoldfastError } from '../core/errors.ts'
import type { Next, Policy } from '../core/policy.ts'
import { problem } from '../core/problem.ts'
import type { Reply } from '../core/reply.ts'

const errors = channel('holdfast:error')

/**
 * The answer to a policy or handler that threw: what kind of failure it was, and nothing of the error itself.
 */
export function failureReply(error: unknown): Reply {
  if (isHoldfastError(error) && error.code === 'store-unavailable') return problem('store-unavailable', { retryAfterMs: 1000 })
  if (isHoldfastError(error) && error.code === 'body-too-large') return problem('body-too-large')
  return problem('handler-failed')
}

/** The same, and the operator is told. */
export function failed(error: unknown): Reply {
  reportFailure(error)
  return failureReply(error)
}

/** What a policy makes of a call; an exception is answered, too. */
export function outcomeOf(policy: Policy, call: Call, next: Next): Promise<Reply> | Reply {
  try {
    return policy(call, next)
  } catch (error) {
    return failed(error)
  }
}

/**
 * Tells the operator of an error that no reply shows: on the diagnostics channel `holdfast:error`, or on the console when
 * nobody listens there, as frameworks do with errors nobody handles.
 */
export function reportFailure(error: unknown): void {
  if (isHoldfastError(error) && (error.code === 'body-too-large' || error.code === 'body-incomplete')) return
  if (errors.hasSubscribers) errors.publish({ error })
  else console.error(error)
}
