import { monotonic, waitingClock } from '../core/clock.ts'
import type { Clock } from '../core/clock.ts'
import { deadlineFact } from '../core/facts.ts'
import { beforeCall } from '../core/policy.ts'
import type { Policy } from '../core/policy.ts'
import { inheritedMs } from '../core/remaining-time.ts'
import { complete } from '../retry/complete.ts'
import { optionsOf } from './call-options.ts'
import { deadlineExceeded } from './errors.ts'

/** How long a call may take. */
export interface DeadlineOptions {
  /** The time for the whole call with all attempts and waits, milliseconds. @default 30_000 */
  readonly deadlineMs?: number
  /** Whether a call made while a call of ours is being served has no more time than that one has left. @default true */
  readonly inherit?: boolean
  readonly clock?: Clock
}

/** What the way back to our own caller takes at least. */
const marginMs = 5

/**
 * Gives a call a time for everything: attempts, waits between them, and the body where it is buffered. A call made while another one is
 * being served inherits the time that one has left. `fetchThrough` tells the server with each attempt how much is left of
 * it, or of the attempt's own time where that is less (`Holdfast-Timeout`, milliseconds), and ends the attempt that is under way when nothing is.
 *
 * @throws HoldfastError `configuration-invalid`; calls reject with `deadline-exceeded`
 * @example
 * const fetch = fetchThrough(stack(deadline({ deadlineMs: 5_000 }), retry()))
 */
export function deadline(options: DeadlineOptions = {}): Policy {
  const { deadlineMs, inherit, clock } = complete({ deadlineMs: 30_000, inherit: true, clock: waitingClock }, options)
  return beforeCall((call) => {
    const own = optionsOf(call).deadlineMs ?? deadlineMs
    const inherited = inherit ? inheritedMs() : undefined
    const allowed = inherited === undefined ? own : Math.min(own, inherited - marginMs)
    if (allowed <= 0) throw deadlineExceeded()
    const endsAt = monotonic(clock) + allowed
    call.facts.set(deadlineFact, { remainingMs: () => endsAt - monotonic(clock) })
    return call
  })
}
