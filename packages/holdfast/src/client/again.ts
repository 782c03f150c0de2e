import { classifyFailure } from '../retry/classify-failure.ts'
import { parseRetryAfter } from '../retry/retry-after.ts'
import { meta } from './meta.ts'
import type { Again } from './resend.ts'

/** What to do after a request that got no answer. */
export function afterFailure(error: unknown): Again | undefined {
  const failure = classifyFailure(error)
  return failure === 'final' ? undefined : { because: failure }
}

/** What to do after an answer to a request that may be repeated. */
export function afterStatus({ status, headers }: { readonly status: number; readonly headers: Headers }, now: number): Again | undefined {
  const hintMs = hintOf(headers, now)
  if (status === 425 || status === 429) return { because: 'refused', hintMs }
  return status === 408 || (status >= 500 && status !== 501 && status !== 505) ? { because: 'maybe', hintMs } : undefined
}

/** When the server wants to be asked again. */
export function hintOf(headers: Headers, now: number): number | undefined {
  return parseRetryAfter(headers.get('retry-after'), headers.get('date'), now)
}

/** Whether a success earns for the retry budget here; a `fetch` made by `createFetch` has seen to it. */
export function earnsBudget(response: Response): boolean {
  return response.ok && meta(response).attempts === 0
}
