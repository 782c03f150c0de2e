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
const refusals: ReadonlySet<string> = new Set(['deadline-expired', 'shutting-down', 'temporary-reduced-capacity'])

/**
 * Classifies an answer. 503 counts as `maybe`, because proxies answer it after the upstream was reset: only a 503 that says so itself is a
 * refusal. Cloud proxies answer 520 to 527 and 530 for the same reasons as 502 and 504.
 */
export function classifyReply(status: number, { shouldRetry, isRefusal, problem }: Partial<Advice> = {}): OutcomeClass {
  if (status < 400) return 'ok'
  if (shouldRetry === false) return 'final'
  switch (status) {
    case 409:
      return problem === 'in-progress' || (problem === undefined && shouldRetry === true) ? 'in-progress' : 'final'
    case 421:
    case 425:
    case 429:
      return 'refused'
    case 503:
      return isRefusal || (problem !== undefined && refusals.has(problem)) ? 'refused' : 'maybe'
    case 408:
    case 500:
    case 502:
    case 504:
      return 'maybe'
    default:
      return status >= 520 && status <= 530 ? 'maybe' : 'final'
  }
}
