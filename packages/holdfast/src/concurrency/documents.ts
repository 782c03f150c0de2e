import { storeUnavailable } from '../core/index.ts'
import { expectationOf } from './expectation.ts'
import type { Current, Expectation } from './expectation.ts'
import type { DocumentStore } from './store.ts'

/** How a document is changed. */
export interface ChangeOptions<T> {
  /** What the caller expects. @default that of the current call */
  readonly expected?: Expectation
  /** How often the change is made again for a document that others keep changing; only where the caller's expectation allows any of its states. @default 50 */
  readonly attempts?: number
  /** What a 412 shows of the document to callers that ask for it, and may read it. */
  readonly represent?: (document: T) => unknown
}

/** A document after a change. */
export interface ChangedDocument<T> {
  /** `undefined`: it was deleted. */
  readonly document: T | undefined
  /** Of a deleted document, the state that its deletion took. */
  readonly state: number
  /** `false`: it was so already; nothing was written, and state and tag stay. */
  readonly changed: boolean
}

/**
 * Changes a document if it is in the state the caller expects: reads it, makes the change, and replaces exactly what was read.
 *
 * @param change what the document becomes: `undefined` deletes it. It may run several times, and is given `undefined` where there is no document.
 * @returns `undefined` when nothing was written: answer as for a document that is not there, and Holdfast answers 412 where it is
 * @throws HoldfastError `store-unavailable` when others kept changing it for all attempts
 * @example
 * const done = await changeDocument<Note>(documents, id, (note) => note && { ...note, text })
 * if (done === undefined) return notFound()
 */
export async function changeDocument<T>(
  store: DocumentStore,
  id: string,
  change: (current: T | undefined) => T | undefined,
  { expected = expectationOf(), attempts = 50, represent }: ChangeOptions<T> = {},
): Promise<ChangedDocument<T> | undefined> {
  const look = async (): Promise<{
    readonly document: T | undefined
    readonly text: string | undefined
    readonly current: Current | undefined
  }> => {
    const found = await store.read(id)
    if (found === undefined) return { document: undefined, text: undefined, current: undefined }
    const document = JSON.parse(found.text) as T
    return { document, text: found.text, current: { state: found.state, ...(represent && { representation: represent(document) }) } }
  }
  for (let attempt = 1; attempt <= attempts; attempt++) {
    const { document, text, current } = await look()
    if (!expected.admits(current)) {
      expected.verify(current)
      return undefined
    }
    const next = change(document)
    const nextText = next === undefined ? undefined : JSON.stringify(next)
    const from = current?.state as number | undefined
    if (nextText === text) {
      // Nothing there, and nothing wanted: the caller's expectation of it is not met by doing nothing.
      if (from === undefined) return expected.settle<ChangedDocument<T>>([], () => undefined)
      expected.verify(current)
      return { document, state: from, changed: false }
    }
    const state = await store.replace(id, from, nextText)
    if (state !== undefined) {
      // What was compared in the store is the state that the expectation admits.
      expected.verify(current)
      return { document: next, state, changed: true }
    }
  }
  throw storeUnavailable(`the document has changed before each of ${attempts} attempts to write it`)
}
