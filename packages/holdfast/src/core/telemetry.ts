import { channel } from 'node:diagnostics_channel'
import type { PolicyEvent } from './events.ts'

const events = channel('holdfast:policy')

/**
 * Publishes a decision on the diagnostics channel `holdfast:policy`; costs one test when nobody listens.
 *
 * @param subject which of several it was about: the name of a limit, or of a store
 * @param error what a dependency failed with, where that is what was decided upon
 */
export function publish(policy: string, verdict: string, route: string | undefined, subject?: string, error?: unknown): void {
  if (!events.hasSubscribers) return
  events.publish({
    policy,
    verdict,
    route,
    ...(subject !== undefined && { subject }),
    ...(error !== undefined && { error }),
  } satisfies PolicyEvent)
}
