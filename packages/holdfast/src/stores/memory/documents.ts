import type { DocumentStore, StoredDocument } from '../../concurrency/store.ts'

/**
 * Keeps documents in the memory of this process: for tests and examples.
 *
 * @example
 * const documents = memoryDocuments()
 * await documents.replace('note-1', undefined, '{"text":"hello"}') // 1
 */
export function memoryDocuments(): DocumentStore {
  const documents = new Map<string, StoredDocument>()
  let lastState = 0
  return {
    name: 'memory',
    read: (id) => Promise.resolve(documents.get(id)),
    replace(id, from, text) {
      if (documents.get(id)?.state !== from) return Promise.resolve(undefined)
      lastState += 1
      if (text === undefined) documents.delete(id)
      else documents.set(id, { state: lastState, text })
      return Promise.resolve(lastState)
    },
  }
}
