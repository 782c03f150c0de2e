import { monotonic } from '../../core/clock.ts'
import { HoldfastError } from '../../core/errors.ts'
import type { Policy } from '../../core/policy.ts'
import { conclude } from '../../retry/attempt.ts'
import { originOf } from '../../retry/per-origin.ts'
import { isOpen } from './decide.ts'
import { sharedHealth, toHealthSettings, watched } from './shared.ts'
import type { HealthOptions } from './shared.ts'

/**
 * Sends nothing for a while to an origin that has failed several times in a row; then one call finds out whether it is back. What is not sent
 * rejects with `endpoint-unavailable`, which counts as not sent. Answers such as 404 or 429 are no failures.
 *
 * @example
 * const fetch = createFetch({ breaker: { failures: 10 } })
 */
export function breaker(options: HealthOptions = {}): Policy {
  const settings = toHealthSettings(options)
  return async function breaker(call, next) {
    const origin = originOf(call.url)
    const health = sharedHealth(origin)
    const now = monotonic(settings.clock)
    if (!isOpen(health, now)) {
      const error = new HoldfastError('endpoint-unavailable', `${origin} has failed too often; nothing is sent to it for now`)
      throw Object.assign(error, { retryAfterMs: Math.max(0, health.until - now) })
    }
    const { outcome } = await watched(settings, origin, call, next)
    return conclude(outcome)
  }
}
