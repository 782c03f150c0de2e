import { retryCosts } from '../retry/budget.ts'
import { classifyFailure } from '../retry/classify-failure.ts'
import { classifyReply } from '../retry/classify-reply.ts'
import type { OutcomeClass } from '../retry/outcome.ts'
import { readText } from '../retry/read-text.ts'
import { parseRetryAfter } from '../retry/retry-after.ts'
import type { FetchLike } from './fetch-like.ts'
import { refusal } from './refused.ts'
import { sendUntilFinal } from './resend.ts'
import type { Again, Answer, Resending } from './resend.ts'

/** Sends one request of a higher call, and reads its answer whole. */
export async function exchange(fetch: FetchLike, url: string, init: RequestInit): Promise<Answer> {
  const response = await fetch(url, init)
  const { status, headers, ok } = response
  const text = await readText(response).catch((error: unknown) => {
    // A write that was carried out was carried out, even when the body that says so was cut.
    if (init.body === undefined || !ok) throw error
    return ''
  })
  return { status, headers, text, response }
}

/**
 * Asks for what is at a URL, again while there is no answer, and after the wait the server asks for.
 *
 * @throws RefusedError, or what `fetch` rejected with
 */
export async function ask(url: string, settings: Resending, send: () => Promise<Answer>): Promise<Answer> {
  const sent = await sendUntilFinal(url, settings, send, (outcome) =>
    'error' in outcome
      ? after(classifyFailure(outcome.error))
      : after(classifyReply(outcome.answer.status), hintOf(outcome.answer.headers, settings.clock.now())),
  )
  if ('error' in sent) throw sent.error
  if (!sent.answer.response.ok) throw refusal('GET', url, sent.answer)
  return sent.answer
}

/** What to do after a request whose outcome is of this class. */
export function after(kind: OutcomeClass, hintMs?: number): Again | undefined {
  return kind in retryCosts ? { because: kind as Again['because'], hintMs } : undefined
}

/** When the server wants to be asked again. */
export function hintOf(headers: Headers, now: number): number | undefined {
  return parseRetryAfter(headers.get('retry-after'), headers.get('date'), now)
}
