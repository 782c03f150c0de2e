import { monotonic, publish, routeFact, withTimeout } from '../core/index.ts'
import type { Reply } from '../core/index.ts'
import { replay } from './conclude.ts'
import type { Flight } from './in-flight.ts'
import type { KeyedCall } from './keyed-call.ts'
import { refuseRunning, refuseTaken, refuseUnknown } from './refusals.ts'
import type { Settings } from './settings.ts'

/**
 * Waits for a run of the same key in this process and shares its answer. `undefined`: it left no answer to share, so the store
 * must be asked.
 *
 * @param until when to stop waiting, by the monotonic side of the settings' clock
 */
export async function join(settings: Settings, keyed: KeyedCall, flight: Flight, until: number): Promise<Reply | undefined> {
  const { clock, inFlight, whileRunning, leaseMs, problem } = settings
  const { fingerprint } = keyed.claim
  const timeLeft = (): number => until - monotonic(clock)
  const refused = refuseConfirmed(settings, keyed, flight)
  if (refused !== undefined) return refused
  const done = timeLeft() > 0 ? inFlight.wait(flight) : undefined
  if (done === undefined) return refuseRunning(settings, leaseMs)
  try {
    // While the store has not said whose key it is, the other call may be the wrong one: it must not have this one refused.
    if (flight.fingerprint !== fingerprint || whileRunning === 'conflict') {
      await withTimeout(clock, timeLeft(), flight.confirmation, timedOut)
      const refusedNow = refuseConfirmed(settings, keyed, flight)
      if (refusedNow !== undefined) return refusedNow
    }
    const settlement = await withTimeout(clock, timeLeft(), flight.settled, timedOut)
    if (settlement.kind === 'unavailable') return problem('store-unavailable', { retryAfterMs: 1_000 })
    if (settlement.kind === 'open') return undefined
    if (settlement.fingerprint !== fingerprint) return refuseTaken(settings, { kind: 'mismatch' })
    if (settlement.kind === 'unknown') return refuseUnknown(settings, settlement.attempt)
    publish('idempotency', 'joined', keyed.call.facts.get(routeFact))
    return await replay(settings, keyed, settlement.answer)
  } catch (error) {
    if (error instanceof JoinTimeout) return refuseRunning(settings, leaseMs)
    throw error
  } finally {
    done()
  }
}

/** What can be said without waiting, once the store has said whose key it is. */
function refuseConfirmed(settings: Settings, { claim }: KeyedCall, flight: Flight): Reply | undefined {
  if (!flight.confirmed) return undefined
  if (flight.fingerprint !== claim.fingerprint) return refuseTaken(settings, { kind: 'mismatch' })
  return settings.whileRunning === 'conflict' ? refuseRunning(settings, settings.leaseMs) : undefined
}

class JoinTimeout extends Error {}

function timedOut(): Error {
  return new JoinTimeout()
}
