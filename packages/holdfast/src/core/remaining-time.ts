const symbol = Symbol.for('holdfast.remaining-time')

/** Says how much time the call being served has left, milliseconds; `undefined` outside of one, or when its caller does not say. */
export type RemainingTime = () => number | undefined

const shared = globalThis as unknown as Record<symbol, RemainingTime | undefined>

/**
 * The time the call being served has left, milliseconds. Found through the global object: a client must not import what only servers have,
 * since it would not run in a browser.
 */
export function inheritedMs(): number | undefined {
  return shared[symbol]?.()
}

/** Says where that time is found. */
export function provideInheritedMs(find: RemainingTime): void {
  shared[symbol] = find
}
