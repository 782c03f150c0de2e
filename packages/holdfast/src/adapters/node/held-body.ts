import { concat } from '../../core/body.ts'
import type { BodyMap, LiveBody } from '../../core/body.ts'
import { bodyIncomplete } from '../../core/errors.ts'

/** One `write` of a framework, kept until it may go on. */
export interface HeldWrite {
  readonly chunk: Uint8Array | string
  readonly encoding: BufferEncoding | undefined
  callback: WriteCallback | undefined
}

export type WriteCallback = (error?: Error | null) => void

interface Capture {
  readonly limit: number
  readonly resolve: (bytes: Uint8Array | undefined) => void
  readonly reject: (error: Error) => void
}

/** Most answers are never captured, so most bodies share this. */
const none: readonly Capture[] = []

/**
 * What a framework writes while a policy considers the head. Without a capture the framework is slowed down as by a full
 * socket; under a capture it is let run up to the capture's limit.
 */
export class HeldBody implements LiveBody {
  readonly writes: HeldWrite[] = []
  /** What the bytes pass through when they go on. */
  mapping: BodyMap | undefined
  /** Whether the framework was told to wait for 'drain'. */
  owesDrain = false
  readonly #highWaterMark: number
  readonly #onCapture: () => void
  #size = 0
  #isWhole = false
  #broken: Error | undefined
  #isGone = false
  #captures: readonly Capture[] = none

  constructor(highWaterMark: number, onCapture: () => void) {
    this.#highWaterMark = highWaterMark
    this.#onCapture = onCapture
  }

  capture(limit: number): Promise<Uint8Array | undefined> {
    if (this.#broken !== undefined) return Promise.reject(this.#broken)
    if (this.#isGone) return Promise.reject(bodyIncomplete(new Error('the answer was let go before it was captured')))
    if (this.#size > limit) return Promise.resolve(undefined)
    if (this.#isWhole) return Promise.resolve(this.#bytes())
    return new Promise((resolve, reject) => {
      this.#captures = [...this.#captures, { limit, resolve, reject }]
      for (const held of this.writes) this.#acknowledge(held)
      this.#onCapture()
    })
  }

  map(map: BodyMap): void {
    this.mapping = map
  }

  get isCapturing(): boolean {
    return this.#captures.length > 0
  }

  /** Keeps a write; false asks the framework to wait for 'drain'. */
  push(chunk: Uint8Array | string, encoding: BufferEncoding | undefined, callback: WriteCallback | undefined): boolean {
    // A callback tells the producer that its buffer is free again, and under a capture it runs before the bytes are gone.
    const kept = callback !== undefined && typeof chunk !== 'string' ? new Uint8Array(chunk) : chunk
    const held: HeldWrite = { chunk: kept, encoding, callback }
    this.writes.push(held)
    this.#size += sizeOf(held)
    this.#release((capture) => this.#size > capture.limit, undefined)
    if (this.isCapturing) {
      this.#acknowledge(held)
      return true
    }
    this.owesDrain ||= this.#size >= this.#highWaterMark
    return !this.owesDrain
  }

  end(): void {
    this.#isWhole = true
    if (this.isCapturing) this.#release(() => true, this.#bytes())
  }

  break(error: Error): void {
    if (this.#isWhole) return
    this.#broken ??= error
    for (const capture of this.#captures) capture.reject(error)
    this.#captures = none
  }

  /** Hands the writes over; nothing can be captured any more. */
  take(): HeldWrite[] {
    this.#isGone = true
    this.#release(() => true, undefined)
    return this.writes.splice(0)
  }

  #bytes(): Uint8Array {
    return concat(
      this.writes.map(({ chunk, encoding }) => (typeof chunk === 'string' ? Buffer.from(chunk, encoding) : chunk)),
      this.#size,
    )
  }

  #acknowledge(held: HeldWrite): void {
    const { callback } = held
    if (callback === undefined) return
    held.callback = undefined
    process.nextTick(callback)
  }

  #release(matches: (capture: Capture) => boolean, bytes: Uint8Array | undefined): void {
    if (this.#captures.length === 0) return
    for (const capture of this.#captures.filter(matches)) capture.resolve(bytes)
    this.#captures = this.#captures.filter((capture) => !matches(capture))
  }
}

function sizeOf({ chunk, encoding }: HeldWrite): number {
  return typeof chunk === 'string' ? Buffer.byteLength(chunk, encoding) : chunk.byteLength
}
