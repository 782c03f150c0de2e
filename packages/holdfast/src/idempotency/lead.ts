import { monotonic, publish, routeFact, sleep } from '../core/index.ts'
import type { Reply } from '../core/index.ts'
import { replied } from './attempt.ts'
import type { Replied } from './attempt.ts'
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
 * @param until when to stop waiting for another process, by the monotonic side of the settings' clock
 */
export async function lead(settings: Settings, keyed: KeyedCall, until: number): Promise<Reply> {
  const { inFlight } = settings
  const { id, fingerprint } = keyed.claim
  const flight = inFlight.enter(id, fingerprint)
  let settlement: Settlement = { kind: 'open' }
  try {
    const end = await attemptUntilReplied(settings, keyed, flight, until)
    settlement = end.settlement
    return end.reply
  } catch (error) {
    if (isStoreFailure(error)) settlement = { kind: 'unavailable' }
    throw error
  } finally {
    inFlight.leave(id)
    flight.settle(settlement)
  }
}

async function attemptUntilReplied(settings: Settings, keyed: KeyedCall, flight: Flight, until: number): Promise<Replied> {
  const { inFlight, clock, random, guarantee, whileRunning } = settings
  const { fingerprint } = keyed.claim
  const attemptOnce = guarantee === 'exactly-once' ? attemptTransaction : attemptLeased
  for (let poll = firstPollMs; ;) {
    if (inFlight.draining) return replied(refuseDraining(settings))
    const attempt = await attemptOnce(settings, keyed, flight)
    publish('idempotency', attempt.kind === 'done' ? 'replayed' : attempt.kind, keyed.call.facts.get(routeFact))
    switch (attempt.kind) {
      case 'replied':
        return attempt
      case 'done': {
        const answer = openAnswer(settings, keyed.name, attempt.answer)
        return replied(await replay(settings, keyed, answer), answer && { kind: 'answered', answer, fingerprint })
      }
      case 'unknown':
        if (await reconcile(settings, keyed, attempt.attempt)) break
        return replied(refuseUnknown(settings, attempt.attempt), { kind: 'unknown', attempt: attempt.attempt, fingerprint })
      case 'running':
        // A transaction holds its key before it can be seen whose it is; a lease was compared.
        if (guarantee !== 'exactly-once') flight.confirm()
        if (whileRunning === 'conflict' || monotonic(clock) >= until)
          return replied(refuseRunning(settings, attempt.leaseLeftMs, attempt.attempt))
        await sleep(clock, Math.min(poll * (0.5 + random() / 2), Math.max(1, until - monotonic(clock))))
        poll = Math.min(poll * 2, longestPollMs)
        break
      default:
        return replied(refuseTaken(settings, attempt))
    }
  }
}
