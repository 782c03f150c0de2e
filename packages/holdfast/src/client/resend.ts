import type { Random } from '../core/index.ts'
import { fullJitter } from '../retry/backoff.ts'
import { retryCosts, successEarns } from '../retry/budget.ts'
import type { RetryBudget } from '../retry/budget.ts'
import type { CallScope } from './call-scope.ts'

/** What a send came to. */
export type Sent<Answer> = { readonly answer: Answer } | { readonly error: unknown }

/** Why a request may be sent once more, and when the server wishes it. */
export interface Again {
  readonly because: keyof typeof retryCosts
  readonly hintMs?: number | undefined
}

export interface ResendOptions<Answer> {
  readonly scope: CallScope
  readonly random: Random
  /** Shared with every client of the origin: sending again here is a retry like any other. */
  readonly budget: RetryBudget
  /** How often a request that got no answer is sent again. */
  readonly resends: number
  send(): Promise<Answer>
  /** Whether an answer at once earns for the budget: not where `fetch` has seen to that. */
  earns(answer: Answer): boolean
  /** Whether what came of it calls for another send of the same request; `undefined` when it is final. */
  judge(sent: Sent<Answer>): Again | undefined
}

const backoff = { baseMs: 100, capMs: 20_000 }
/** A server that says "later" is believed more often than a broken connection, but not for ever. */
const mostPostponed = 20
/** Longer waits than this are the caller's to decide about. */
const longestHintMs = 60_000

/**
 * Sends a request until what comes of it is final, or patience ends: then the last of it is returned as it is. Waits with full jitter,
 * never less than the server asked for, and not at all when the wait would not end before the deadline.
 */
export async function sendUntilFinal<Answer>(options: ResendOptions<Answer>): Promise<Sent<Answer>> {
  const { scope, budget, resends } = options
  let unanswered = 0
  let postponed = 0
  let spent = 0
  for (;;) {
    const sent = await attempt(options)
    const again = options.judge(sent)
    if (again === undefined) {
      budget.put(spent > 0 ? spent : 'answer' in sent && options.earns(sent.answer) ? successEarns : 0)
      return sent
    }
    const isPostponed = again.because === 'refused' || again.because === 'in-progress'
    if (isPostponed ? ++postponed > mostPostponed : ++unanswered > resends) return sent
    const waitMs = waitFor(again, isPostponed ? postponed : unanswered, options.random)
    if (waitMs === undefined || waitMs >= scope.leftMs()) return sent
    spent = retryCosts[again.because]
    if (!budget.take(spent)) return sent
    await scope.wait(waitMs)
  }
}

async function attempt<Answer>({ scope, send }: ResendOptions<Answer>): Promise<Sent<Answer>> {
  try {
    return { answer: await send() }
  } catch (error) {
    // The caller's abort, or the deadline: nothing that came of the request.
    if (scope.signal.aborted) throw scope.signal.reason
    return { error }
  }
}

function waitFor({ hintMs }: Again, count: number, random: Random): number | undefined {
  if (hintMs === undefined) return fullJitter(backoff, count, random)
  if (hintMs > longestHintMs) return undefined
  // All who were told the same instant must not come back in it.
  return hintMs + random() * Math.max(backoff.baseMs, hintMs / 10)
}
