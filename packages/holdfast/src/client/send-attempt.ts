import type { Clock } from '../core/clock.ts'
import type { Call } from '../core/call.ts'
import { HoldfastError } from '../core/errors.ts'
import { deadlineFact, defineFact } from '../core/facts.ts'
import type { FactKey } from '../core/facts.ts'
import { attemptTimeoutFact } from './attempt-timeout.ts'
import { optionsOf } from './call-options.ts'
import { deadlineExceeded } from './errors.ts'

/** What is left of an attempt while its body flows. */
export interface Exchange {
  readonly clock: Clock
  /** Aborts when the attempt is ended, from whichever side. */
  readonly signal: AbortSignal
  /** Ends it with an error. */
  end(reason: Error): void
  /** The body has ended: nothing of the attempt is left. */
  release(): void
}

/** What looks after the bodies of answers. */
export interface BodyWatch {
  watch(response: Response, exchange: Exchange): void
  /** Reads a body ahead, at most `limit` bytes. The response stays readable. Rejects when the body breaks off or stalls. */
  buffer(response: Response, limit: number, exchange: Exchange): Promise<void>
}

/** A response that looks after its own body, and whose `body` must not be touched for nothing. */
export interface SelfWatched {
  watchedBy(exchange: Exchange, idleMs: number): void
}

const defaultBufferBytes = 1_048_576

/**
 * Sends one attempt and sees that it ends: by the caller's signal, by the time for an attempt, or by the deadline, whichever is first. One
 * controller and one timer do all of it. The caller's signal goes on to count until the body has been read.
 */
export function sendAttempt(
  call: Call,
  send: (signal: AbortSignal) => Promise<Response>,
  clock: Clock,
  watch: BodyWatch | undefined,
): Promise<Response> {
  const { signal, facts } = call
  const remainingMs = facts.get(deadlineFact)?.remainingMs() ?? Number.POSITIVE_INFINITY
  const timeoutMs = facts.get(attemptTimeoutFact) ?? Number.POSITIVE_INFINITY
  const { buffer = false } = optionsOf(call)
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason as Error)
    if (remainingMs <= 0) return reject(deadlineExceeded())
    facts.get(openFact)?.()
    const controller = new AbortController()
    let isOver = false
    const end = (reason: Error): void => {
      isOver = true
      release()
      reject(reason)
      controller.abort(reason)
    }
    const onAbort = (): void => end(signal?.reason as Error)
    const release = (): void => signal?.removeEventListener('abort', onAbort)
    signal?.addEventListener('abort', onAbort)
    const limitMs = Math.min(timeoutMs, remainingMs)
    const isTimeout = timeoutMs < remainingMs
    let cancelTimer = startTimer(clock, limitMs, () => end(isTimeout ? attemptTimeoutError(limitMs) : deadlineExceeded()))
    const exchange: Exchange = { clock, signal: controller.signal, end, release }
    const settle = async (): Promise<Response> => {
      const response = await send(controller.signal).finally(() => cancelTimer())
      if (isOver || (!('watchedBy' in response) && response.body === null)) {
        release()
        if (isOver) void response.body?.cancel().catch(() => {})
      } else if (watch !== undefined && buffer !== false) {
        cancelTimer = startTimer(clock, facts.get(deadlineFact)?.remainingMs() ?? limitMs, () => end(deadlineExceeded()))
        await watch.buffer(response, buffer === true ? defaultBufferBytes : buffer, exchange).finally(() => cancelTimer())
      } else {
        watch?.watch(response, exchange)
        if (signal !== undefined) {
          facts.set(openFact, release)
          unread.register(response, release)
        }
      }
      return response
    }
    settle().then(resolve, (error: unknown) => {
      release()
      reject(error as Error)
    })
  })
}

/** Lets go of the answer that a further attempt replaces. */
const openFact: FactKey<() => void> = defineFact<() => void>('open-answer')

/** A body that is never read keeps its listener as long as it lives itself. */
const unread = new FinalizationRegistry<() => void>((release) => release())

function startTimer(clock: Clock, ms: number, action: () => void): () => void {
  return ms === Number.POSITIVE_INFINITY ? () => {} : clock.after(ms, action)
}

function attemptTimeoutError(ms: number): HoldfastError {
  return new HoldfastError('attempt-timeout', `no answer within ${Math.round(ms)} ms`)
}
