/** Gives texts small numbers. Beyond `limit` texts it gives none. */
export interface Interner {
  readonly texts: readonly string[]
  /** The number of a text; `undefined` when it is new and there is no room. */
  idOf(text: string): number | undefined
}

export function createInterner(limit: number): Interner {
  const ids = new Map<string, number>()
  const texts: string[] = []
  return {
    texts,
    idOf(text) {
      const known = ids.get(text)
      if (known !== undefined) return known
      if (texts.length >= limit) return undefined
      // A slice would keep the whole chunk of the log that it was cut from.
      const own = Buffer.from(text).toString()
      texts.push(own)
      ids.set(own, texts.length - 1)
      return texts.length - 1
    },
  }
}
