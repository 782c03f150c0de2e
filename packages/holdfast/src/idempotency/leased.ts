import type { Cancel, Reply } from '../core/index.ts'
import { isHoldfastError } from '../core/index.ts'
import { replied } from './attempt.ts'
import type { Attempt } from './attempt.ts'
import { conclude, concludeWith, openAnswer, replay } from './conclude.ts'
import type { Conclusion } from './conclude.ts'
import { ExecutionContext } from './context.ts'
import type { Flight } from './in-flight.ts'
import type { KeyedCall } from './keyed-call.ts'
import { keepLease } from './lease.ts'
import { decideDisposition, isRetryable } from './outcome.ts'
import type { Settings } from './settings.ts'
import { bounded, claimKey, isStoreFailure, persist } from './store-calls.ts'

/**
 * Claims the key, runs the handler under a lease, records the answer: `resumable`, `at-most-once` and `at-least-once`.
 */
export async function attemptLeased(settings: Settings, keyed: KeyedCall, flight: Flight): Promise<Attempt> {
  const { call, next, name, claim } = keyed
  const verdict = await claimKey(settings, claim)
  if (verdict.kind !== 'acquired') return verdict
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
    if (noEffect || decideDisposition(reply.status, guarantee, statuses) === 'release') {
      await this.#release()
      return replied(reply)
    }
    return this.#record(await this.#conclude(reply))
  }

  /** The handler threw. Where it may have had an effect, a failure is recorded, so that a retry cannot have a second one. */
  async failed(error: unknown): Promise<Attempt> {
    const { guarantee, problem } = this.#settings
    if (this.#context.signal.aborted) return this.#fenced()
    if (guarantee !== 'at-most-once' || isRetryable(this.#keyed.call, error) || this.#beforeEffects()) {
      await this.#release()
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
      if (!isHoldfastError(error) || error.code !== 'body-incomplete') throw error
      // The effect stands although the answer broke off: a repeat is told so instead of running again.
      return concludeWith(this.#settings, this.#keyed, reply, reply.body, undefined)
    }
  }

  async #record({ answer, sealed, reply }: Conclusion): Promise<Attempt> {
    const { store, retentionMs, guarantee, problem } = this.#settings
    const { id, owner, fingerprint } = this.#keyed.claim
    const complete = () => store.complete({ id, owner, answer: sealed, retentionMs })
    try {
      const verdict = await bounded(this.#settings, complete())
      this.#stopHeartbeat()
      if (verdict === 'fenced') return await this.#fenced()
      return replied(reply, { kind: 'answered', answer, fingerprint })
    } catch (error) {
      if (!isStoreFailure(error)) throw error
      persist(this.#settings, complete, retentionMs, this.#stopHeartbeat)
      // Nobody else may run an at-most-once key, so the true answer is safe to give; elsewhere a takeover might answer otherwise.
      if (guarantee === 'at-most-once') return replied(reply, { kind: 'unavailable' })
      return replied(problem('store-unavailable', { retryAfterMs: 1_000 }), { kind: 'unavailable' })
    }
  }

  async #release(): Promise<void> {
    const { store, retentionMs, leaseMs } = this.#settings
    const { id, owner } = this.#keyed.claim
    const release = () => store.release(id, owner, retentionMs)
    try {
      await bounded(this.#settings, release())
      this.#stopHeartbeat()
    } catch {
      persist(this.#settings, release, leaseMs, this.#stopHeartbeat)
    }
  }

  /** Another run owns the key: every answer ever given must be the recorded one, so ours is dropped for the winner's. */
  async #fenced(): Promise<Attempt> {
    this.#stopHeartbeat()
    const { store, problem } = this.#settings
    const snapshot = await bounded(this.#settings, store.lookup(this.#keyed.claim.id))
    if (snapshot?.state === 'done' && snapshot.answer !== undefined) {
      return replied(await replay(this.#settings, this.#keyed, openAnswer(this.#settings, this.#keyed, snapshot.answer)))
    }
    return replied(problem('in-progress', { retryAfterMs: 1_000, members: { state: snapshot?.state ?? 'absent' } }))
  }
}
