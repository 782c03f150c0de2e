import { publish } from '../core/index.ts'
import { concurrencyNotice } from './notice.ts'
import type { Notice } from './dialects.ts'
import type { InFlightCalls } from './in-flight.ts'
import type { Rule } from './rule.ts'
import type { Subject } from './subject.ts'

/** The places one call holds among those under way. */
export interface Seats {
  readonly notices: readonly Notice[]
  /** The limit that had no place left; then none is held. */
  readonly refused: Notice | undefined
  /** The answer's head is known. Gives the places back, unless the end of the exchange will. */
  answered(): void
  /** Gives the places back; the second time does nothing. */
  leave(): void
}

/**
 * Takes a place under every limit of calls under way, or under none. Places are given back once: when the answer was sent, or broke off, or
 * the caller went away; where an adapter cannot tell, when the answer's head is known.
 */
export function enterAll(rules: readonly Rule[], subject: Subject, inFlight: InFlightCalls): Seats {
  const { call } = subject
  const held: string[] = []
  const notices: Notice[] = []
  let refused: Notice | undefined
  for (const rule of rules) {
    if ((rule.needsAccount && subject.account === undefined) || !rule.applies(subject)) continue
    const counter = `${rule.owner(subject)}\0${rule.counter(subject)}`
    const limit = rule.atOnceFor(subject.plan)
    // A call counts once, also under two limits of one pool.
    const hasEntered = held.includes(counter) || inFlight.enter(counter, limit)
    if (hasEntered && !held.includes(counter)) held.push(counter)
    if (rule.shadow) {
      if (!hasEntered) publish('rate-limit', 'would-throttle', subject.route, rule.name)
      continue
    }
    const notice = concurrencyNotice(rule, limit, hasEntered ? limit - inFlight.count(counter) : 0)
    notices.push(notice)
    if (!hasEntered) refused ??= notice
  }
  const leave = (): void => {
    for (const counter of held.splice(0)) inFlight.leave(counter)
  }
  if (refused !== undefined) leave()
  else if (held.length > 0) call.whenClosed?.(leave)
  return { notices, refused, leave, answered: call.whenClosed === undefined ? leave : () => {} }
}
