/** Where a handler waits, so that a test knows that a call is under way. */
export interface Gate {
  /** Settles once a call has come to the gate. */
  readonly entered: Promise<void>
  /** Lets all calls through. */
  open(): void
  /** What a handler awaits. */
  pass(): Promise<void>
}

/** Makes a gate that is shut. */
export function createGate(): Gate {
  const [entered, opened] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  return {
    entered: entered.promise,
    open: () => opened.resolve(),
    pass() {
      entered.resolve()
      return opened.promise
    },
  }
}
