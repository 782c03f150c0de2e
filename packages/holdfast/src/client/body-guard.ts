import { concat } from '../core/body.ts'
import { monotonic } from '../core/clock.ts'
import type { Clock } from '../core/clock.ts'
import { bodyIdle } from './errors.ts'

/** What watches over a body while it is read. */
export interface Guard {
  readonly clock: Clock
  /** How long the body may make no progress while somebody waits for it, milliseconds. */
  readonly idleMs: number
  /** Ends the exchange. */
  abort(reason: Error): void
  /** The body has ended: nothing of the call is left. */
  release(): void
}

type Read = Awaited<ReturnType<ReadableStreamDefaultReader<Uint8Array>['read']>>

/** Reads a body chunk by chunk; a chunk that does not come in time is an error, and ends the exchange. */
export class GuardedReader {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>
  readonly #guard: Guard

  constructor(stream: ReadableStream<Uint8Array>, guard: Guard) {
    this.#reader = stream.getReader()
    this.#guard = guard
  }

  async read(): Promise<Read> {
    const { clock, idleMs, abort, release } = this.#guard
    let cancelTimer: (() => void) | undefined
    const stalled = new Promise<never>((_resolve, reject) => {
      cancelTimer = clock.after(idleMs, () => {
        const error = bodyIdle(idleMs)
        abort(error)
        reject(error)
      })
    })
    try {
      const next = (await Promise.race([this.#reader.read(), stalled])) as Read
      if (next.done) release()
      return next
    } catch (error) {
      release()
      throw error
    } finally {
      cancelTimer?.()
    }
  }

  cancel(reason?: unknown): Promise<void> {
    this.#guard.release()
    return this.#reader.cancel(reason)
  }

  /** The rest of the body, at most `limit` bytes; `undefined` when it is longer. One timer for all of it. */
  async readAll(limit: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const { clock, idleMs, abort, release } = this.#guard
    let progressAt = monotonic(clock)
    let fail: ((error: Error) => void) | undefined
    let cancelTimer = clock.after(idleMs, check)
    function check(): void {
      const idleForMs = monotonic(clock) - progressAt
      if (idleForMs < idleMs) {
        cancelTimer = clock.after(idleMs - idleForMs, check)
        return
      }
      const error = bodyIdle(idleMs)
      abort(error)
      fail?.(error)
    }
    const chunks: Uint8Array[] = []
    let size = 0
    const stalled = new Promise<never>((_resolve, reject) => (fail = reject))
    stalled.catch(ignore)
    try {
      for (;;) {
        const { done, value } = (await Promise.race([this.#reader.read(), stalled])) as Read
        if (done) return concat(chunks, size) as Uint8Array<ArrayBuffer>
        chunks.push(value)
        size += value.byteLength
        if (size > limit) return undefined
        progressAt = monotonic(clock)
      }
    } finally {
      cancelTimer()
      release()
    }
  }
}

function ignore(): void {}
