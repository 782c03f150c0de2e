/** So many origins are remembered; the one that came first is forgotten then, which costs it no more than what it has learned. */
const mostOrigins = 1_000

/**
 * State that belongs to an origin and is shared by everything in this process, also by a second copy of the package: limits of a server
 * are about the process, not about the object that calls it.
 */
export function perOrigin<T>(name: string, make: () => T): (origin: string) => T {
  const symbol = Symbol.for(`holdfast.${name}`)
  return function stateOf(origin) {
    const shared = globalThis as unknown as Record<symbol, Map<string, T> | undefined>
    const states = (shared[symbol] ??= new Map())
    const known = states.get(origin)
    if (known !== undefined) return known
    if (states.size >= mostOrigins) states.delete(states.keys().next().value as string)
    const state = make()
    states.set(origin, state)
    return state
  }
}

const plain = /^https?:\/\/[a-z0-9.-]+(:\d+)?(?=[/?#]|$)/

/** Policies ask for the origin of one URL several times in a row. */
let last = { url: '', origin: '' }

/**
 * The origin of a URL: `https://api.example`. Empty for a URL that has none.
 *
 * @example
 * originOf('https://api.example/transfers?limit=5') // 'https://api.example'
 */
export function originOf(url: string): string {
  if (url !== last.url) last = { url, origin: plain.exec(url)?.[0] ?? URL.parse(url)?.origin ?? '' }
  return last.origin
}
