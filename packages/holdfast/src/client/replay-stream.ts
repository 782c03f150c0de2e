/** How much of one body is kept for a repeat, and of all bodies together, bytes. */
export interface ReplayLimits {
  readonly bytesPerCall: number
  readonly bytesPerProcess: number
}

/** Bytes kept just now by all calls of this process. */
let held = 0

/**
 * A stream that can be sent again as long as it is short: what an attempt reads is kept, and the next one is given it first. Beyond the
 * limit nothing is kept, and a second attempt is impossible; it would send a part of the body as if it were the whole.
 */
export class ReplayStream {
  readonly #limits: ReplayLimits
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>
  readonly #kept: Uint8Array[] = []
  #size = 0
  #isWhole = false
  #isOverflown = false
  #reading: Promise<void> | undefined
  #error: { readonly reason: unknown } | undefined

  constructor(stream: ReadableStream<Uint8Array>, limits: ReplayLimits) {
    this.#limits = limits
    this.#reader = stream.getReader()
  }

  /** Whether another attempt would send what the first one sent. */
  get isIntact(): boolean {
    return !this.#isOverflown && this.#error === undefined
  }

  /** The body for one attempt. */
  open(): ReadableStream<Uint8Array> {
    let at = 0
    return new ReadableStream<Uint8Array>(
      {
        pull: async (controller) => {
          while (at >= this.#kept.length && !this.#isWhole && this.#error === undefined) await this.#read()
          if (this.#error !== undefined) throw this.#error.reason
          const chunk = this.#kept[at]
          if (chunk === undefined) return controller.close()
          if (this.#isOverflown) this.#kept[at] = empty
          at += 1
          // A copy: the transport may detach what it is given.
          controller.enqueue(this.#isOverflown ? chunk : chunk.slice())
        },
      },
      { highWaterMark: 0 },
    )
  }

  /**
   * The call has ended: what is kept no longer counts, and a source that nobody will read to its end is told. A body that is whole can
   * still be sent again by who settles an unknown outcome.
   */
  release(): void {
    held -= this.#size
    this.#size = 0
    if (this.#isWhole) return
    this.#isOverflown = true
    this.#reader.cancel().catch(() => {})
  }

  /** One chunk for all attempts: what an abandoned attempt asked for is not lost for the next one. */
  #read(): Promise<void> {
    this.#reading ??= this.#reader.read().then(
      ({ done, value }) => {
        this.#reading = undefined
        if (done) this.#isWhole = true
        else this.#keep(value)
      },
      (reason: unknown) => {
        this.#reading = undefined
        this.#error = { reason }
      },
    )
    return this.#reading
  }

  #keep(chunk: Uint8Array): void {
    this.#kept.push(chunk)
    if (this.#isOverflown) return
    const size = chunk.byteLength
    if (this.#size + size > this.#limits.bytesPerCall || held + size > this.#limits.bytesPerProcess) {
      this.#isOverflown = true
      held -= this.#size
      this.#size = 0
      return
    }
    this.#size += size
    held += size
  }
}

const empty = new Uint8Array(0)
