import { publish, routeFact, withTimeout } from '../core/index.ts'
import type { Reply } from '../core/index.ts'
import { replay } from './conclude.ts'
import type { Flight } from './in-flight.ts'
import type { KeyedCall } from './keyed-call.ts'
import { refuseRunning, refuseTaken } from './refusals.ts'
import type { Settings } from './settings.ts'

/**
 * Waits for a run of the same key in this process and shares its answer. `undefined`: it left no answer to share, so the store
 * must be asked.
 *
 * @param until when to stop waiting, milliseconds by the settings' clock
 */
export async function join(settings: Settings, keyed: KeyedCall, flight: Flight, until: number): Promise<Reply | undefined> {
  const { clock, inFlight, whileRunning, leaseMs, problem } = settings
  const { fingerprint } = keyed.claim
  const timeLeft = (): number => until - clock.now()
  const done = timeLeft() > 0 ? inFlight.wait(flight) : undefined
  if (done === undefined) return refuseRunning(settings, leaseMs)
  try {
    const sameCall = flight.fingerprint === fingerprint
    // While the store has not said whose key it is, the other call may be the wrong one: it must not have this one refused.
    if (!flight.confirmed && !(sameCall && whileRunning === 'join')) await withTimeout(clock, timeLeft(), flight.confirmation, timedOut)
    if (flight.confirmed && !sameCall) return refuseTaken(settings, { kind: 'mismatch' })
    if (flight.confirmed && whileRunning === 'conflict') return refuseRunning(settings, leaseMs)
    const settlement = await withTimeout(clock, timeLeft(), flight.settled, timedOut)
    if (settlement.kind === 'unavailable') return problem('store-unavailable', { retryAfterMs: 1_000 })
    if (settlement.kind === 'open') return undefined
    if (settlement.fingerprint !== fingerprint) return refuseTaken(settings, { kind: 'mismatch' })
    publish('idempotency', 'joined', keyed.call.facts.get(routeFact))
    return await replay(settings, keyed, settlement.answer)
  } catch (error) {
    if (error instanceof JoinTimeout) return refuseRunning(settings, leaseMs)
    throw error
  } finally {
    done()
  }
}

class JoinTimeout extends Error {}

function timedOut(): Error {
  return new JoinTimeout()
}
