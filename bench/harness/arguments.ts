/**
 * Reads a whole number from the command line.
 *
 * @throws Error saying what was expected
 */
export function readCount(option: string, text: string, least = 1): number {
  const count = Number(text)
  if (!(Number.isSafeInteger(count) && count >= least)) throw new Error(`${option}: expected a whole number from ${least}, got ${text}`)
  return count
}

/**
 * The parts that are named; all when none is.
 *
 * @throws Error naming the part that does not exist, and those that do
 */
export function chooseParts<P extends { readonly name: string }>(names: readonly string[], all: readonly P[]): readonly P[] {
  const stranger = names.find((name) => !all.some((part) => part.name === name))
  if (stranger !== undefined) throw new Error(`there is no part "${stranger}"; there are ${all.map(({ name }) => name).join(', ')}`)
  return names.length === 0 ? all : all.filter(({ name }) => names.includes(name))
}
