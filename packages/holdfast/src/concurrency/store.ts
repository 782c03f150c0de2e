/** A document and its state. */
export interface StoredDocument {
  /** A whole number, never used twice in one store, so that an old tag never fits a document that was deleted and made again. */
  readonly state: number
  readonly text: string
}

/** Keeps documents and replaces them by compare-and-set. `memoryDocuments()` and `redisDocuments(...)` are such. */
export interface DocumentStore {
  /** For messages: `memory`. */
  readonly name: string
  read(id: string): Promise<StoredDocument | undefined>
  /**
   * Writes `text` if the document is still in the state `from`, in one step; `from` undefined: if there is none, `text` undefined: deletes. Resolves with the new state;
   * `undefined`: it is in another state, and nothing was written. A reply that was lost leaves it open whether the write happened.
   */
  replace(id: string, from: number | undefined, text: string | undefined): Promise<number | undefined>
}
