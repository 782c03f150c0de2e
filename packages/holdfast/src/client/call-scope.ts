import { monotonic, sleep } from '../core/index.ts'
import type { Clock } from '../core/index.ts'
import { deadlineExceeded } from './errors.ts'

/** The time one higher call has, and how it ends early. */
export interface CallScope {
  /** Aborts with the caller's reason, or with a `deadline-exceeded` error. For every request of the call. */
  readonly signal: AbortSignal
  /** Milliseconds until the deadline; Infinity without one. */
  leftMs(): number
  /** Waits; rejects with the signal's reason. */
  wait(delayMs: number): Promise<void>
  /** Ends it for a reason of one's own. */
  abort(reason: unknown): void
  /** Ends the scope: no timer and no listener of it is left. */
  close(): void
}

/** A signal that aborts with either of two. For few: what listens to it and stays keeps it alive as long as the caller's. */
export function eitherSignal(given: AbortSignal | undefined, own: AbortSignal): AbortSignal {
  return AbortSignal.any([given ?? own, own])
}

/** Opens a scope. One listener on the caller's signal for all requests of the call, because listeners on a long-lived signal pile up. */
export function openScope(clock: Clock, deadlineMs: number, given: AbortSignal | undefined): CallScope {
  const controller = new AbortController()
  const endsAt = monotonic(clock) + deadlineMs
  const onAbort = (): void => controller.abort(given?.reason)
  const cancel = deadlineMs === Number.POSITIVE_INFINITY ? () => {} : clock.after(deadlineMs, () => controller.abort(deadlineExceeded()))
  if (given?.aborted) onAbort()
  else given?.addEventListener('abort', onAbort, { once: true })
  return {
    signal: controller.signal,
    leftMs: () => endsAt - monotonic(clock),
    abort: (reason) => controller.abort(reason),
    wait: (delayMs) => sleep(clock, delayMs, controller.signal),
    close() {
      cancel()
      given?.removeEventListener('abort', onAbort)
    },
  }
}
