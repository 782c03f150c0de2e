import type { Clock, Random } from '../core/index.ts'
import { retryCosts, sharedBudget, successEarns } from '../retry/budget.ts'
import { decideRetry } from '../retry/decide.ts'
import { originOf } from '../retry/per-origin.ts'
import type { RetryBudget } from '../retry/budget.ts'
import type { CallScope } from './call-scope.ts'
import { meta } from './meta.ts'

/** An answer whose body has been read. */
export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  readonly response: Response
}

/** What a send came to. */
export type Sent = { readonly answer: Answer } | { readonly error: unknown }

/** Why a request may be sent once more, and when the server wishes it. */
export interface Again {
  readonly because: Exclude<keyof typeof retryCosts, 'hedge'>
  readonly hintMs: number | undefined
}

/** How requests of a higher call are sent again. */
export interface Resending {
  readonly scope: CallScope
  readonly clock: Clock
  readonly random: Random
  /** How often a request that got no answer is sent again. */
  readonly resends: number
  /** The budget of an origin. @default the one retries are paid from */
  readonly budget?: ((origin: string) => RetryBudget) | undefined
}

const backoff = { baseMs: 100, capMs: 20_000 }
/** A server that says "later" is believed more often than a broken connection, but not for ever. */
const mostPostponed = 20
/** Longer waits than this are the caller's to decide about. */
const longestHintMs = 60_000

/**
 * Sends a request until what comes of it is final, or patience ends: then the last of it is returned as it is. Waits with full jitter,
 * never less than the server asked for, and not at all when the wait would not end before the deadline. Paid from the budget of the origin:
 * sending again here is a retry like any other.
 *
 * @param judge whether what came of it calls for another send of the same request; `undefined` when it is final
 */
export async function sendUntilFinal(
  url: string,
  { scope, random, resends, budget = sharedBudget }: Resending,
  send: () => Promise<Answer>,
  judge: (sent: Sent) => Again | undefined,
): Promise<Sent> {
  const tokens = budget(originOf(url))
  let unanswered = 0
  let postponed = 0
  let spent = 0
  for (;;) {
    const sent = await attempt(scope, send)
    const again = judge(sent)
    if (again === undefined) {
      tokens.put(spent > 0 ? spent : 'answer' in sent && earnsBudget(sent.answer.response) ? successEarns : 0)
      return sent
    }
    const isPostponed = again.because === 'refused' || again.because === 'in-progress'
    const verdict = decideRetry(
      {
        ...backoff,
        class: again.because,
        attempts: isPostponed ? ++postponed : ++unanswered,
        mostAttempts: 1 + (isPostponed ? mostPostponed : resends),
        isRepeatable: true,
        isBodyIntact: true,
        hintMs: again.hintMs,
        longestHintMs,
        remainingMs: scope.leftMs(),
        usualMs: 0,
      },
      random,
    )
    spent = retryCosts[again.because]
    if (verdict.kind === 'stop' || !tokens.take(spent)) return sent
    await scope.wait(verdict.waitMs)
  }
}

/** Whether a success earns for the retry budget here; a `fetch` made by `createFetch` has seen to it. */
function earnsBudget(response: Response): boolean {
  return response.ok && meta(response).attempts === 0
}

async function attempt({ signal }: CallScope, send: () => Promise<Answer>): Promise<Sent> {
  try {
    return { answer: await send() }
  } catch (error) {
    // The caller's abort, or the deadline: nothing that came of the request.
    if (signal.aborted) throw signal.reason
    return { error }
  }
}
