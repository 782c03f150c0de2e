import type { OutcomeClass } from './outcome.ts'

/** What an answer says about itself beyond its status. */
export interface Advice {
  /** What the server says about a repeat, when it says so. */
  readonly shouldRetry: boolean | undefined
  /** Whether the server says that it did not process the call. */
  readonly isRefusal: boolean
  /** The code of the problem, or the last part of its type (RFC 9457). */
  readonly problem: string | undefined
}

/** Problems with status 503 that are answered before anything of the call is processed. */
const refusals: readonly unknown[] = ['deadline-expired', 'shutting-down', 'temporary-reduced-capacity']

/**
 * Classifies an answer. 503 counts as `maybe`, because proxies answer it after the upstream was reset: only a 503 that says so itself is a
 * refusal. Cloud proxies answer 520 to 527 and 530 for the same reasons as 502 and 504.
 */
export function classifyReply(status: number, { shouldRetry, isRefusal, problem }: Partial<Advice> = {}): OutcomeClass {
  if (status < 400) return 'ok'
  if (shouldRetry === false) return 'final'
  if (status === 409) return problem === 'in-progress' || (problem === undefined && shouldRetry === true) ? 'in-progress' : 'final'
  if ([421, 425, 429].includes(status) || (status === 503 && (isRefusal || refusals.includes(problem)))) return 'refused'
  return [408, 500, 502, 503, 504].includes(status) || (status >= 520 && status <= 530) ? 'maybe' : 'final'
}
