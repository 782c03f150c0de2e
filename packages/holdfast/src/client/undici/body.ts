import type { Cancel } from '../../core/clock.ts'
import { HoldfastError } from '../../core/errors.ts'
import type { Exchange } from '../send-attempt.ts'
import type { DispatchController } from './dispatcher.ts'

/** So much is held for a reader that does not come; then the connection waits. */
const mostHeld = 65_536

const nothing = Buffer.alloc(0)

/** The body of an answer while it comes in: chunks that wait for a reader, or a reader that waits for chunks. */
export class AnswerBody {
  readonly #controller: DispatchController
  #chunks: Buffer[] = []
  #size = 0
  #isWhole = false
  #isPaused = false
  #isCollected = false
  #error: Error | undefined
  #wake: (() => void) | undefined
  #exchange: Exchange | undefined
  #idleMs = 0

  constructor(controller: DispatchController) {
    this.#controller = controller
  }

  get isWhole(): boolean {
    return this.#isWhole
  }

  /** Says who is told of the end, and how long silence may last. */
  watch(exchange: Exchange, idleMs: number): void {
    if (this.#isWhole || this.#error !== undefined) return exchange.release()
    this.#exchange = exchange
    this.#idleMs = idleMs
  }

  push(chunk: Buffer): void {
    this.#chunks.push(chunk)
    this.#size += chunk.byteLength
    if (this.#size > mostHeld && !this.#isCollected && !this.#isPaused) {
      this.#isPaused = true
      this.#controller.pause()
    }
    this.#wake?.()
  }

  end(): void {
    this.#isWhole = true
    this.#exchange?.release()
    this.#wake?.()
  }

  fail(error: Error): void {
    this.#error = error
    this.#exchange?.release()
    this.#wake?.()
  }

  cancel(reason: Error): void {
    if (!this.#isWhole) this.#controller.abort(reason)
  }

  /** The next chunk; `undefined` at the end. */
  async next(): Promise<Buffer | undefined> {
    while (this.#chunks.length === 0 && !this.#isWhole) await this.#wait()
    const chunk = this.#chunks.shift()
    this.#size -= chunk?.byteLength ?? 0
    this.#resume()
    return chunk
  }

  /** Everything that is left. */
  whole(): Buffer | Promise<Buffer> {
    if (this.#isWhole) return this.#take()
    this.#isCollected = true
    this.#resume()
    return this.#collect()
  }

  async #collect(): Promise<Buffer> {
    while (!this.#isWhole) await this.#wait()
    return this.#take()
  }

  #take(): Buffer {
    const chunks = this.#chunks
    this.#chunks = []
    return chunks.length === 1 ? (chunks[0] as Buffer) : chunks.length === 0 ? nothing : Buffer.concat(chunks)
  }

  #resume(): void {
    if (!this.#isPaused) return
    this.#isPaused = false
    this.#controller.resume()
  }

  /** Until there is more, or an end. */
  #wait(): Promise<void> {
    if (this.#error !== undefined) return Promise.reject(this.#error)
    const exchange = this.#exchange
    const idleMs = this.#idleMs
    return new Promise((resolve, reject) => {
      const cancelTimer: Cancel | undefined = exchange?.clock.after(idleMs, () => {
        exchange.end(new HoldfastError('body-idle', `the body of the answer stopped for ${idleMs} ms`))
      })
      this.#wake = () => {
        this.#wake = undefined
        cancelTimer?.()
        if (this.#error === undefined) resolve()
        else reject(this.#error)
      }
    })
  }
}
