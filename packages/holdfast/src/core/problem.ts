import { problemKinds } from './catalogue.ts'
import type { ProblemCode } from './catalogue.ts'
import { createReply } from './reply.ts'
import type { Reply } from './reply.ts'

/** What one refusal adds to its kind. */
export interface ProblemDetails {
  /** Where one kind has several. @default the kind's */
  readonly status?: number
  /** What happened this time, with the value that was wrong. Never another account's data. */
  readonly detail?: string
  /** When a repeat makes sense; also sent as Retry-After, in whole seconds rounded up (RFC 9110 section 10.2.3). */
  readonly retryAfterMs?: number
  /** Overrides what the kind says. */
  readonly retryable?: boolean
  /** Further members of the problem object; they cannot replace the standard ones. */
  readonly members?: Readonly<Record<string, unknown>>
  readonly headers?: Readonly<Record<string, string>>
}

/** Builds the reply of a refusal. */
export type Problem = (code: ProblemCode, details?: ProblemDetails) => Reply

/** Where `type` points by default: an API that is declared with `defineApi` serves these pages itself. */
export const problemBase = '/.well-known/holdfast/errors/'

/**
 * Makes a builder of problem replies (RFC 9457) whose `type` lies under `base`; where it is a registered one, `help` leads there.
 *
 * @example
 * const problem = createProblem('https://docs.example.com/errors/')
 * problem('key-missing').status // 400
 */
export function createProblem(base: string = problemBase): Problem {
  return function problem(code, { detail, retryAfterMs, retryable, members, headers, status = problemKinds[code].status } = {}) {
    const kind = problemKinds[code]
    const page = `${base}${code}`
    const body = {
      ...members,
      type: kind.type ?? page,
      title: kind.title,
      status,
      ...(kind.type !== undefined && { help: page }),
      detail: detail ?? kind.advice,
      code,
      retryable: retryable ?? kind.retryable,
      ...(retryAfterMs !== undefined && { retryAfterMs }),
    }
    return createReply(
      status,
      {
        'content-type': 'application/problem+json',
        'cache-control': 'no-store',
        ...(retryAfterMs !== undefined && { 'retry-after': String(Math.max(1, Math.ceil(retryAfterMs / 1000))) }),
        ...headers,
      },
      JSON.stringify(body),
    )
  }
}

/** Problem replies under the default base. */
export const problem: Problem = createProblem()
