import { monotonic, waitingClock } from '../core/clock.ts'
import type { Clock } from '../core/clock.ts'
import type { Call } from '../core/call.ts'
import type { AttemptEvent, CallEvent, OutcomeEvent } from '../core/events.ts'
import type { Next, Policy } from '../core/policy.ts'
import type { Reply } from '../core/reply.ts'
import { attempt, conclude } from '../retry/attempt.ts'
import { notify } from '../retry/notify.ts'
import type { Outcome } from '../retry/outcome.ts'
import { originOf } from '../retry/per-origin.ts'
import { recordOf } from '../retry/record.ts'

export type { AttemptEvent, CallEvent, OutcomeEvent } from '../core/events.ts'

/** Hooks watch; what they throw changes nothing. */
export interface TelemetryOptions {
  readonly onAttempt?: (event: AttemptEvent) => void
  readonly onOutcome?: (event: OutcomeEvent) => void
  readonly onCall?: (event: CallEvent) => void
  readonly clock?: Clock
}

interface Channel {
  readonly hasSubscribers: boolean
  publish(message: unknown): void
}

/** Node, Bun and Deno have it; in a browser only hooks hear of anything. Asked for, not imported: bundlers for browsers would fail. */
const channel = (
  globalThis as { process?: { getBuiltinModule?: (name: string) => { channel(name: string): Channel } | undefined } }
).process
  ?.getBuiltinModule?.('node:diagnostics_channel')
  ?.channel('holdfast:client')

/** Tells a hook, and the diagnostics channel `holdfast:client` as `{ kind, ...event }`. */
export function tell<Event extends object>(kind: string, hook: ((event: Event) => void) | undefined): (event: Event) => void {
  return (event) => {
    notify(hook, event)
    if (channel?.hasSubscribers === true) channel.publish({ kind, ...event })
  }
}

/**
 * Tells of each request that leaves, and how it ended: as the innermost policy. Costs nothing when nobody listens.
 *
 * @example
 * const fetch = createFetch({ onOutcome: (event) => histogram.record(event.durationMs, event) })
 */
export function attemptTelemetry({ onAttempt, onOutcome, clock = waitingClock }: TelemetryOptions = {}): Policy {
  const [tellAttempt, tellOutcome] = [tell('attempt', onAttempt), tell('outcome', onOutcome)]
  return function attemptTelemetry(call, next) {
    if (channel?.hasSubscribers !== true && onAttempt === undefined && onOutcome === undefined) return next(call)
    const resends = recordOf(call).attempts
    const event = { ...describe(call), ...(resends > 0 && { 'http.request.resend_count': resends }) }
    tellAttempt(event)
    return timed(clock, call, next, (ended) => tellOutcome({ ...event, ...ended }))
  }
}

/** Tells how each call ended, with all its attempts: as the outermost policy. */
export function callTelemetry({ onCall, clock = waitingClock }: TelemetryOptions = {}): Policy {
  const tellCall = tell('call', onCall)
  return function callTelemetry(call, next) {
    if (channel?.hasSubscribers !== true && onCall === undefined) return next(call)
    return timed(clock, call, next, (ended, outcome) => {
      const { attempts, waitedMs, stop } = recordOf(call)
      const replayed = 'reply' in outcome && outcome.reply.headers.get('idempotent-replayed') === 'true'
      tellCall({ ...ended, attempts, waitedMs, stop, replayed })
    })
  }
}

async function timed(clock: Clock, call: Call, next: Next, tellEnd: (ended: OutcomeEvent, outcome: Outcome) => void): Promise<Reply> {
  const startedAt = monotonic(clock)
  const outcome = await attempt(call, next)
  tellEnd({ ...describe(call), ...result(outcome), durationMs: monotonic(clock) - startedAt }, outcome)
  return conclude(outcome)
}

function describe({ method, url }: Call): AttemptEvent {
  return {
    'http.request.method': method,
    'server.address': originOf(url).replace(/^.*:\/\//, ''),
    'url.full': url.replace(/\?.*/, '?REDACTED'),
  }
}

function result(outcome: Outcome): Pick<OutcomeEvent, 'http.response.status_code' | 'error.type'> {
  if ('reply' in outcome) {
    const { status } = outcome.reply
    return { 'http.response.status_code': status, ...(status >= 400 && { 'error.type': String(status) }) }
  }
  const { code, name, cause } = (outcome.error ?? {}) as { code?: string; name?: string; cause?: { code?: string } }
  return { 'error.type': String(code ?? cause?.code ?? name ?? 'unknown') }
}
