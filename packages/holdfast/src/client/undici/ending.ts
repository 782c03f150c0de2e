import type { Ending } from '../own-transport.ts'

/** The end that an `AbortSignal` brings. */
class SignalEnding implements Ending {
  readonly #signal: AbortSignal
  #sender: Ending['sender']

  constructor(signal: AbortSignal) {
    this.#signal = signal
  }

  get reason(): Error | undefined {
    return this.#signal.aborted ? (this.#signal.reason as Error) : undefined
  }

  get sender(): Ending['sender'] {
    return this.#sender
  }

  set sender(sender: Ending['sender']) {
    this.#sender = sender
    if (sender === undefined) this.#signal.removeEventListener('abort', this)
    else this.#signal.addEventListener('abort', this)
  }

  /** The signal has aborted. */
  handleEvent(): void {
    this.#sender?.abort(this.#signal.reason as Error)
  }
}

export function endingOf(signal: AbortSignal | undefined): Ending | undefined {
  return signal === undefined ? undefined : new SignalEnding(signal)
}
