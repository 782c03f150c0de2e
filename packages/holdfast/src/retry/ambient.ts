const symbol = Symbol.for('holdfast.remaining-time')

/** Where a server says how much time the call it is serving has left. */
type Hook = () => number | undefined

/**
 * The time the call being served has left, milliseconds; `undefined` outside of one. Reached through the global object, since a client
 * must not import what only servers have: it would not run in a browser.
 */
export function inheritedMs(): number | undefined {
  return (globalThis as unknown as Record<symbol, Hook | undefined>)[symbol]?.()
}
