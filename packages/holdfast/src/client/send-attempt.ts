import type { Clock } from '../core/clock.ts'
import type { Call } from '../core/call.ts'
import { HoldfastError } from '../core/errors.ts'
import { deadlineFact, defineFact } from '../core/facts.ts'
import type { FactKey } from '../core/facts.ts'
import { attemptTimeoutFact } from './attempt-timeout.ts'
import { optionsOf } from './call-options.ts'
import { deadlineExceeded } from './errors.ts'
import type { Sending } from './transport.ts'

/** What is left of an attempt while its body flows. */
export interface Exchange {
  readonly clock: Clock
  /** Why it was ended, from whichever side. */
  readonly reason: Error | undefined
  /** Called when it is ended before its body was whole. */
  onEnd: (() => void) | undefined
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
 * timer does all of it. The caller's signal goes on to count until the body has been read.
 */
export function sendAttempt(
  call: Call,
  send: (call: Call, sending: Sending) => Promise<Response>,
  clock: Clock,
  watch: BodyWatch | undefined,
): Promise<Response> {
  return new Promise((resolve, reject) => {
    const attempt = new Attempt(call, clock, resolve, reject)
    if (attempt.reason !== undefined) return
    try {
      // Also what a `fetch` gives that is no answer.
      send(call, attempt)
        .then((response) => attempt.settle(response, call, watch))
        .catch((error: unknown) => attempt.fail(error))
    } catch (error) {
      // A `fetch` that throws where it should reject.
      attempt.fail(error)
    }
  })
}

class Attempt implements Exchange, Sending {
  readonly clock: Clock
  readonly patienceMs: number
  reason: Error | undefined
  sender: Sending['sender']
  onEnd: (() => void) | undefined
  /** The caller's. */
  readonly #given: AbortSignal | undefined
  #resolve: (response: Response) => void
  #reject: (error: unknown) => void
  #controller: AbortController | undefined
  #cancelTimer: (() => void) | undefined

  constructor({ signal, facts }: Call, clock: Clock, resolve: (response: Response) => void, reject: (error: unknown) => void) {
    this.clock = clock
    this.#given = signal
    this.#resolve = resolve
    this.#reject = reject
    if (signal !== undefined) {
      facts.get(openFact)?.release()
      signal.addEventListener('abort', this)
    }
    const remainingMs = facts.get(deadlineFact)?.remainingMs() ?? Number.POSITIVE_INFINITY
    const timeoutMs = facts.get(attemptTimeoutFact) ?? Number.POSITIVE_INFINITY
    this.patienceMs = Math.min(remainingMs, timeoutMs)
    if (signal?.aborted) this.handleEvent()
    else if (remainingMs <= 0) this.end(deadlineExceeded())
    else this.#limit(remainingMs, timeoutMs)
  }

  /** Made when it is asked for: transports of ours do without one. */
  get signal(): AbortSignal {
    this.#controller ??= new AbortController()
    return this.#controller.signal
  }

  /** The caller's signal has aborted. */
  handleEvent(): void {
    this.end(this.#given?.reason as Error)
  }

  end(reason: Error): void {
    this.reason = reason
    this.fail(reason)
    this.#controller?.abort(reason)
    this.sender?.abort(reason)
    this.onEnd?.()
  }

  release(): void {
    this.#given?.removeEventListener('abort', this)
  }

  fail(error: unknown): void {
    this.#cancelTimer?.()
    this.release()
    this.#reject(error)
  }

  settle(response: Response, call: Call, watch: BodyWatch | undefined): void {
    this.#cancelTimer?.()
    const { buffer = false } = optionsOf(call)
    if (this.reason !== undefined) return void response.body?.cancel().catch(() => {})
    if (!('watchedBy' in response) && response.body === null) this.release()
    else if (watch !== undefined && buffer !== false) {
      this.#limit(call.facts.get(deadlineFact)?.remainingMs() ?? Number.POSITIVE_INFINITY)
      watch.buffer(response, buffer === true ? defaultBufferBytes : buffer, this).then(
        () => {
          this.#cancelTimer?.()
          this.#resolve(response)
        },
        (error: unknown) => this.fail(error),
      )
      return
    } else {
      watch?.watch(response, this)
      if (this.#given !== undefined) {
        call.facts.set(openFact, this)
        unread.register(response, this)
      }
    }
    this.#resolve(response)
    // What watches the body holds this, and platforms hold an answer for long: the rest of the call must not be held with it.
    this.#resolve = this.#reject = ignore
    this.#cancelTimer = undefined
  }

  #limit(remainingMs: number, timeoutMs: number = Number.POSITIVE_INFINITY): void {
    const ms = Math.min(remainingMs, timeoutMs)
    if (ms === Number.POSITIVE_INFINITY) return
    this.#cancelTimer = this.clock.after(ms, () =>
      this.end(
        timeoutMs < remainingMs ? new HoldfastError('attempt-timeout', `no answer within ${Math.round(ms)} ms`) : deadlineExceeded(),
      ),
    )
  }
}

function ignore(): void {}

/** The answer that a further attempt replaces. */
const openFact: FactKey<Exchange> = defineFact<Exchange>('open-answer')

/** A body that is never read keeps its listener as long as it lives itself. */
const unread = new FinalizationRegistry<Exchange>((exchange) => exchange.release())
