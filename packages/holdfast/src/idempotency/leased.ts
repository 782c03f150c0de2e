import type { Cancel, Reply } from '../core/index.ts'
import { isHoldfastError, publish, routeFact } from '../core/index.ts'
import { replied } from './attempt.ts'
import type { Attempt } from './attempt.ts'
import { conclude, concludeWith, openAnswer, replay, unrecorded } from './conclude.ts'
import type { Conclusion } from './conclude.ts'
import { ExecutionContext } from './context.ts'
import type { Flight } from './in-flight.ts'
import type { KeyedCall } from './keyed-call.ts'
import { keepLease } from './lease.ts'
import { decideDisposition, isRetryable } from './outcome.ts'
import type { Claim, CompleteVerdict, KeySnapshot } from './record.ts'
import { refuseRunning, refuseUnknown } from './refusals.ts'
import type { Settings } from './settings.ts'
import { bounded, claimKey, isStoreFailure, persist } from './store-calls.ts'

/**
 * Claims the key, runs the handler under a lease, records the answer: `resumable`, `at-most-once` and `at-least-once`.
 */
export async function attemptLeased(settings: Settings, keyed: KeyedCall, flight: Flight): Promise<Attempt> {
  const { call, next, name, claim } = keyed
  const askedAt = settings.clock.now()
  const verdict = await claimKey(settings, claim)
  if (verdict.kind !== 'acquired') return verdict
  if (!(await isStillOurs(settings, claim, askedAt))) return { kind: 'running', attempt: verdict.attempt, leaseLeftMs: 0 }
  flight.confirm()
  const context = new ExecutionContext(settings, name, claim.id, claim.owner, verdict.attempt, verdict.progress)
  context.attachTo(call)
  const stopHeartbeat = keepLease(settings, claim.id, claim.owner, () => context.lose())
  const run = new LeasedRun(settings, keyed, context, stopHeartbeat)
  let reply: Reply
  try {
    reply = await next(call)
  } catch (error) {
    return run.failed(error)
  }
  return run.answered(reply)
}

/**
 * Whether the lease can still be trusted when the store's word arrives: a process that stood still meanwhile may have been taken over, and must not
 * run beside its successor.
 *
 * @param askedAt when the claim was sent, milliseconds by the settings' clock
 */
async function isStillOurs(settings: Settings, { id, owner, leaseMs }: Claim, askedAt: number): Promise<boolean> {
  const { clock, store } = settings
  for (let confirmedAt = askedAt; clock.now() - confirmedAt >= leaseMs;) {
    const now = clock.now()
    if (!(await bounded(settings, store.heartbeat(id, owner, leaseMs)))) return false
    confirmedAt = now
  }
  return true
}

class LeasedRun {
  readonly #settings: Settings
  readonly #keyed: KeyedCall
  readonly #context: ExecutionContext
  readonly #stopHeartbeat: Cancel

  constructor(settings: Settings, keyed: KeyedCall, context: ExecutionContext, stopHeartbeat: Cancel) {
    this.#settings = settings
    this.#keyed = keyed
    this.#context = context
    this.#stopHeartbeat = stopHeartbeat
  }

  async answered(reply: Reply): Promise<Attempt> {
    const { guarantee, statuses } = this.#settings
    const noEffect = reply.status >= 500 && (isRetryable(this.#keyed.call) || this.#beforeEffects())
    if (noEffect || decideDisposition(reply.status, guarantee, statuses) === 'release')
      return (await this.#release()) ?? replied(unrecorded(reply))
    return this.#record(await this.#conclude(reply))
  }

  /** The handler threw. Where it may have had an effect, a failure is recorded, so that a retry cannot have a second one. */
  async failed(error: unknown): Promise<Attempt> {
    const { guarantee, problem } = this.#settings
    if (this.#context.isLost) return this.#fenced()
    if (guarantee !== 'at-most-once' || isRetryable(this.#keyed.call, error) || this.#beforeEffects()) {
      const winners = await this.#release()
      if (winners !== undefined) return winners
      throw error
    }
    return this.#record(await this.#conclude(problem('handler-failed')))
  }

  #beforeEffects(): boolean {
    return this.#settings.effectsAfterBegin && !this.#context.begun
  }

  async #conclude(reply: Reply): Promise<Conclusion> {
    try {
      return await conclude(this.#settings, this.#keyed, reply)
    } catch (error) {
      if (!isHoldfastError(error) || error.code !== 'body-incomplete') {
        this.#stopHeartbeat()
        throw error
      }
      // The effect stands although the answer broke off: a repeat is told so instead of running again.
      return concludeWith(this.#settings, this.#keyed.name, reply, reply.body, undefined)
    }
  }

  async #record({ answer, sealed, reply }: Conclusion): Promise<Attempt> {
    const { store, guarantee, problem } = this.#settings
    const { id, owner, fingerprint } = this.#keyed.claim
    const { retentionMs } = this.#keyed
    const complete = () => store.complete({ id, owner, answer: sealed, retentionMs })
    let verdict: CompleteVerdict
    try {
      verdict = await bounded(this.#settings, complete())
    } catch (error) {
      if (!isStoreFailure(error)) {
        this.#stopHeartbeat()
        throw error
      }
      persist(this.#settings, complete, retentionMs, this.#stopHeartbeat)
      publish('idempotency', 'record-delayed', this.#keyed.call.facts.get(routeFact), store.name, error)
      // Nobody else may run an at-most-once key, so the true answer is safe to give; elsewhere a takeover might answer otherwise.
      if (guarantee === 'at-most-once') return replied(reply, { kind: 'unavailable' })
      return replied(problem('store-unavailable', { retryAfterMs: 1_000 }), { kind: 'unavailable' })
    }
    this.#stopHeartbeat()
    return verdict === 'fenced' ? this.#fenced() : replied(reply, { kind: 'answered', answer, fingerprint })
  }

  /** Says that nothing happened. Comes back with the winner's answer when another run owns the key by now. */
  async #release(): Promise<Attempt | undefined> {
    const { store, retentionMs } = this.#settings
    const { id, owner } = this.#keyed.claim
    const release = () => store.release(id, owner, retentionMs)
    let released: boolean
    try {
      released = await bounded(this.#settings, release())
    } catch {
      persist(this.#settings, release, retentionMs, this.#stopHeartbeat)
      return undefined
    }
    this.#stopHeartbeat()
    return released ? undefined : this.#winners(await this.#look())
  }

  /** Another run owns the key, or may: every answer ever given must be the recorded one, so ours is dropped. */
  async #fenced(): Promise<Attempt> {
    this.#stopHeartbeat()
    publish('idempotency', 'fenced', this.#keyed.call.facts.get(routeFact))
    const snapshot = await this.#look()
    const winners = await this.#winners(snapshot)
    if (winners !== undefined) return winners
    if (snapshot?.state === 'unknown') return replied(refuseUnknown(this.#settings, snapshot.attempt))
    return replied(this.#settings.problem('in-progress', { retryAfterMs: 1_000, members: { state: snapshot?.state ?? 'absent' } }))
  }

  #look(): Promise<KeySnapshot | undefined> {
    return bounded(this.#settings, this.#settings.store.lookup(this.#keyed.claim.id))
  }

  async #winners(snapshot: KeySnapshot | undefined): Promise<Attempt | undefined> {
    if (snapshot?.state === 'running') return replied(refuseRunning(this.#settings, snapshot.leaseLeftMs ?? 0, snapshot.attempt))
    if (snapshot?.state !== 'done' || snapshot.answer === undefined) return undefined
    return replied(await replay(this.#settings, this.#keyed, openAnswer(this.#settings, this.#keyed.name, snapshot.answer)))
  }
}
