import type { Call } from '../core/call.ts'
import type { Next } from '../core/policy.ts'
import type { Reply } from '../core/reply.ts'
import type { Outcome } from './outcome.ts'

/** Carries a call on, and gives a failure as a value. */
export async function attempt(call: Call, next: Next): Promise<Outcome> {
  try {
    return { reply: await next(call) }
  } catch (error) {
    return { error }
  }
}

/** Ends as the attempt did: with its reply, or by throwing its error. */
export function conclude(outcome: Outcome): Reply {
  if ('error' in outcome) throw outcome.error
  return outcome.reply
}
