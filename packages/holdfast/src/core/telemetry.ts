import { channel } from 'node:diagnostics_channel'

/** One step of a call, as published for metrics and traces. Never carries a key, a body or a credential. */
export interface PolicyEvent {
  /** The pattern: `idempotency`, `rate-limit`. */
  readonly policy: string
  /** What it decided: `acquired`, `replayed`, `store-unavailable` ... */
  readonly verdict: string
  readonly route: string | undefined
  /** Which of several it was about: the name of a limit. */
  readonly subject?: string
}

const events = channel('holdfast:policy')

/**
 * Publishes a decision on the diagnostics channel `holdfast:policy`; costs one test when nobody listens.
 */
export function publish(policy: string, verdict: string, route: string | undefined, subject?: string): void {
  if (events.hasSubscribers) events.publish({ policy, verdict, route, ...(subject !== undefined && { subject }) } satisfies PolicyEvent)
}
