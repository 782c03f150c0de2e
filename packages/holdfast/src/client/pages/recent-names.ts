/** So many names are remembered, the oldest forgotten first. */
const mostNames = 100_000

/** Tells whether a name was there before, and remembers it. */
export function recentNames(): (name: string) => boolean {
  const names = new Set<string>()
  return function isKnown(name) {
    if (names.has(name)) return true
    if (names.size >= mostNames) names.delete(names.values().next().value as string)
    names.add(name)
    return false
  }
}
