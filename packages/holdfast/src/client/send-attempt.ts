import type { Clock } from '../core/clock.ts'
import type { Call } from '../core/call.ts'
import { deadlineFact } from '../core/facts.ts'
import { attemptTimeoutFact } from './attempt-timeout.ts'
import { GuardedReader } from './body-guard.ts'
import type { Guard } from './body-guard.ts'
import { attemptTimeout, deadlineExceeded } from './errors.ts'
import { guardBody } from './guarded-response.ts'

/** What an attempt is sent with. */
export interface AttemptLimits {
  readonly clock: Clock
  readonly bodyIdleMs: number
  /** The longest body that is read before the attempt ends, bytes; 0: none is. */
  readonly bufferBytes: number
}

/**
 * Sends one attempt and sees that it ends: by the caller's signal, by the time for an attempt, or by the deadline, whichever is first. One
 * controller and one timer do all of it. The caller's signal goes on to count until the body has been read.
 */
export function sendAttempt(call: Call, send: (signal: AbortSignal) => Promise<Response>, limits: AttemptLimits): Promise<Response> {
  const { clock } = limits
  const { signal } = call
  const remainingMs = call.facts.get(deadlineFact)?.remainingMs() ?? Number.POSITIVE_INFINITY
  if (remainingMs <= 0) return Promise.reject(deadlineExceeded())
  if (signal?.aborted) return Promise.reject(signal.reason as Error)
  return new Promise((resolve, reject) => {
    const timeoutMs = call.facts.get(attemptTimeoutFact) ?? Number.POSITIVE_INFINITY
    const controller = new AbortController()
    let isSettled = false
    const end = (reason: Error): void => {
      controller.abort(reason)
      release()
      isSettled = true
      reject(reason)
    }
    const onAbort = (): void => end(signal?.reason as Error)
    const release = (): void => signal?.removeEventListener('abort', onAbort)
    signal?.addEventListener('abort', onAbort)
    const timeMs = Math.min(timeoutMs, remainingMs)
    const cancelTimer =
      timeMs === Number.POSITIVE_INFINITY
        ? undefined
        : clock.after(timeMs, () => end(timeMs < remainingMs ? attemptTimeout(timeMs) : deadlineExceeded()))
    const guard: Guard = { clock, idleMs: limits.bodyIdleMs, abort: end, release }
    send(controller.signal).then(
      (response) => {
        cancelTimer?.()
        if (isSettled) return void response.body?.cancel().catch(ignore)
        if (limits.bufferBytes > 0) buffer(response, limits, remainingMs, guard).then(resolve, reject)
        else {
          settleBody(response, guard, signal)
          resolve(response)
        }
      },
      (error: unknown) => {
        cancelTimer?.()
        release()
        reject(error as Error)
      },
    )
  })
}

/** Nothing of an exchange is left when its body was read, was given up, or there is none. */
function settleBody(response: Response, guard: Guard, signal: AbortSignal | undefined): void {
  if (response.body === null) return guard.release()
  guardBody(response, guard)
  if (signal !== undefined) forgotten.register(response, guard.release)
}

/** A body that is never read keeps its listener as long as it lives itself. */
const forgotten = new FinalizationRegistry<() => void>((release) => release())

async function buffer(response: Response, limits: AttemptLimits, remainingMs: number, guard: Guard): Promise<Response> {
  const { body } = response.clone()
  if (body === null) {
    guard.release()
    return response
  }
  // The deadline covers a body that is read here; what a body of its own time may take is its reader's to say.
  const cancelTimer =
    remainingMs === Number.POSITIVE_INFINITY ? undefined : limits.clock.after(remainingMs, () => guard.abort(deadlineExceeded()))
  const reader = new GuardedReader(body as ReadableStream<Uint8Array>, guard)
  try {
    if ((await reader.readAll(limits.bufferBytes)) === undefined) void reader.cancel().catch(ignore)
    return response
  } catch (error) {
    void response.body?.cancel().catch(ignore)
    throw error
  } finally {
    cancelTimer?.()
  }
}

function ignore(): void {}
