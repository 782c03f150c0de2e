import { publish, routeFact, sleep } from '../core/index.ts'
import type { Reply } from '../core/index.ts'
import { replied } from './attempt.ts'
import type { Replied, Taken } from './attempt.ts'
import { openAnswer, replay } from './conclude.ts'
import type { Flight, Settlement } from './in-flight.ts'
import type { KeyedCall } from './keyed-call.ts'
import { attemptLeased } from './leased.ts'
import { reconcile } from './reconcile.ts'
import { refuseDraining, refuseRunning, refuseTaken, refuseUnknown } from './refusals.ts'
import type { Settings } from './settings.ts'
import { isStoreFailure } from './store-calls.ts'
import { attemptTransaction } from './transactional.ts'

const firstPollMs = 25
const longestPollMs = 1_000

/**
 * Has a key for this process: claims it and runs the call, or asks the store again and again until another process has. All
 * repeats in this process wait for what comes of it, so that a key has one claim and one waiter a process, however many call.
 *
 * @param until when to stop waiting for another process, milliseconds by the settings' clock
 */
export async function lead(settings: Settings, keyed: KeyedCall, until: number): Promise<Reply> {
  const { inFlight, guarantee } = settings
  const { id, fingerprint } = keyed.claim
  const attemptOnce = guarantee === 'exactly-once' ? attemptTransaction : attemptLeased
  const flight = inFlight.enter(id, fingerprint)
  let settlement: Settlement = { kind: 'open' }
  try {
    for (let pollMs = firstPollMs; ; pollMs = Math.min(pollMs * 2, longestPollMs)) {
      if (inFlight.draining) return refuseDraining(settings)
      const attempt = await attemptOnce(settings, keyed, flight)
      publish('idempotency', attempt.kind === 'done' ? 'replayed' : attempt.kind, keyed.call.facts.get(routeFact))
      const end = attempt.kind === 'replied' ? attempt : await replyToTaken(settings, keyed, flight, attempt, { until, pollMs })
      if (end === undefined) continue
      settlement = end.settlement
      return end.reply
    }
  } catch (error) {
    if (isStoreFailure(error)) settlement = { kind: 'unavailable' }
    throw error
  } finally {
    inFlight.leave(id)
    flight.settle(settlement)
  }
}

interface Patience {
  readonly until: number
  readonly pollMs: number
}

/** What becomes of a call whose key another call has. `undefined`: the key is to be attempted again. */
async function replyToTaken(
  settings: Settings,
  keyed: KeyedCall,
  flight: Flight,
  taken: Taken,
  { until, pollMs }: Patience,
): Promise<Replied | undefined> {
  const { clock, random, guarantee, whileRunning } = settings
  const { fingerprint } = keyed.claim
  switch (taken.kind) {
    case 'done': {
      const answer = openAnswer(settings, keyed.name, taken.answer)
      return replied(await replay(settings, keyed, answer), answer && { kind: 'answered', answer, fingerprint })
    }
    case 'unknown':
      if (await reconcile(settings, keyed, taken.attempt)) return undefined
      return replied(refuseUnknown(settings, taken.attempt), { kind: 'unknown', attempt: taken.attempt, fingerprint })
    case 'running':
      // A transaction holds its key before it can be seen whose it is; a lease was compared.
      if (guarantee !== 'exactly-once') flight.confirm()
      if (whileRunning === 'conflict' || clock.now() >= until) return replied(refuseRunning(settings, taken.leaseLeftMs, taken.attempt))
      await sleep(clock, Math.min(pollMs * (0.5 + random() / 2), Math.max(1, until - clock.now())))
      return undefined
    default:
      return replied(refuseTaken(settings, taken))
  }
}
