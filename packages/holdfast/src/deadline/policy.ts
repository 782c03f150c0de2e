import {
  addHeaders,
  attemptFact,
  deadlineFact,
  findCurrentCall,
  monotonic,
  problem as defaultProblem,
  provideInheritedMs,
  publish,
  routeFact,
  systemClock,
} from '../core/index.ts'
import type { Call, Clock, Policy, Problem, Reply } from '../core/index.ts'
import { parseAttempt, parseTimeout } from './decide.ts'
import { createLeastTime } from './least-time.ts'

/** What the policies need; all of it has defaults. */
export interface DeadlineOptions {
  readonly clock?: Clock
  readonly problem?: Problem
}

/**
 * Heeds how long the caller still waits: `Holdfast-Timeout`, milliseconds. A call whose time is over is refused with `deadline-expired` before
 * anything of it is processed; in an overload that alone keeps a server from working for callers who have left. While the handler runs,
 * calls it makes with a client of ours inherit what is left.
 *
 * The outermost policy of a server. `shedExpired` goes before what is costly, and looks again.
 *
 * @example
 * const policy = stack(deadline(), rateLimited, shedExpired(), idempotency(options))
 */
export function deadline({ clock = systemClock, problem = defaultProblem }: DeadlineOptions = {}): Policy {
  provideInheritedMs(() => findCurrentCall()?.facts.get(deadlineFact)?.remainingMs())
  return function deadline(call, next) {
    const attempt = parseAttempt(call.headers.get('holdfast-attempt'))
    if (attempt !== undefined) call.facts.set(attemptFact, attempt)
    const timeoutMs = parseTimeout(call.headers.get('holdfast-timeout'))
    if (timeoutMs === undefined) return next(call)
    if (timeoutMs === 0) return refuse(call, problem)
    const endsAt = monotonic(clock) + timeoutMs
    call.facts.set(deadlineFact, { remainingMs: () => endsAt - monotonic(clock) })
    return next(call)
  }
}

const nothing = {}

/**
 * Refuses a call whose time has run out since it came in, as in a queue or while something was looked up, and a call that has less time left
 * than nine in ten of the recent ones took from here: what is finished a moment too late keeps an overloaded server as busy as what is of
 * use, and in a queue that is as long as its callers' patience there is little else. Nothing of it has been processed where this stands before
 * the handler. One for each route, since they take differently long.
 *
 * A repeat with an idempotency key only has to be in time: its answer may be there already.
 */
export function shedExpired({ clock = systemClock, problem = defaultProblem }: DeadlineOptions = {}): Policy {
  const least = createLeastTime()
  return function shedExpired(call, next) {
    const remainingMs = call.facts.get(deadlineFact)?.remainingMs()
    if (remainingMs === undefined) return next(call)
    const startedAt = monotonic(clock)
    const mayBeKnown = (call.facts.get(attemptFact) ?? 1) > 1 && call.headers.has('idempotency-key')
    if (remainingMs <= 0 || (!mayBeKnown && remainingMs < least.at(startedAt))) return refuse(call, problem)
    // Nothing is added: this is the way to learn of an answer without holding it.
    return addHeaders(next(call), () => {
      const now = monotonic(clock)
      least.add(now - startedAt, now)
      return nothing
    })
  }
}

/** `Holdfast-Refused` says that nothing was processed, so that a caller may send again even what has no key. */
function refuse(call: Call, problem: Problem): Reply {
  publish('deadline', 'expired', call.facts.get(routeFact))
  return problem('deadline-expired', { headers: { 'holdfast-refused': '?1', 'idempotency-should-retry': '?1' } })
}
