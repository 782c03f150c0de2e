import { storeUnavailable, waitingClock } from '../../../core/index.ts'
import type { Clock } from '../../../core/index.ts'
import type { Entry } from '../entry.ts'
import { fromEntries } from '../from-entries.ts'
import type { Change } from '../from-entries.ts'
import type { OutboxStore } from '../store.ts'

/** The slice of IndexedDB that is used: `indexedDB` of browsers, or a stand-in. */
export interface IndexedDbFactory {
  open(name: string, version: number): OpenRequest
}

interface DbRequest<T = unknown> {
  readonly result: T
  readonly error: unknown
  onsuccess: ((event: never) => unknown) | null
  onerror: ((event: never) => unknown) | null
}

interface OpenRequest extends DbRequest<Database> {
  onupgradeneeded: ((event: never) => unknown) | null
}

interface Database {
  createObjectStore(name: string, options: { readonly keyPath: string }): unknown
  transaction(names: string[], mode: 'readwrite', options: { readonly durability: 'strict' }): Transaction
}

interface Transaction {
  objectStore(name: string): ObjectStore
  abort(): void
  readonly error: unknown
  oncomplete: ((event: never) => unknown) | null
  onerror: ((event: never) => unknown) | null
  onabort: ((event: never) => unknown) | null
}

interface ObjectStore {
  getAll(): DbRequest<Entry[]>
  put(value: Entry): unknown
  delete(key: number): unknown
}

/** How an IndexedDB outbox is kept. */
export interface IndexedDbOutboxOptions {
  readonly factory?: IndexedDbFactory
  /** The database. @default 'holdfast-outbox' */
  readonly name?: string
  readonly clock?: Clock
}

const entries = 'entries'

/**
 * Keeps entries in the browser's IndexedDB, shared by all tabs of an origin; transactions ask for strict durability. Every operation
 * reads all entries: meant for hundreds of them.
 *
 * @throws HoldfastError from its operations: `store-unavailable`
 * @example
 * const store = indexedDbOutbox()
 */
export function indexedDbOutbox(options: IndexedDbOutboxOptions = {}): OutboxStore {
  const { name = 'holdfast-outbox', clock = waitingClock } = options
  const factory = options.factory ?? (globalThis as unknown as { indexedDB: IndexedDbFactory }).indexedDB
  let opening: Promise<Database> | undefined

  function open(): Promise<Database> {
    opening ??= new Promise<Database>((resolve, reject) => {
      const request = factory.open(name, 1)
      request.onupgradeneeded = () => request.result.createObjectStore(entries, { keyPath: 'seq' })
      request.onsuccess = () => resolve(request.result)
      request.onerror = () => {
        opening = undefined
        reject(storeUnavailable('IndexedDB could not be opened', request.error))
      }
    })
    return opening
  }

  /** The work is done inside the transaction: two tabs never see the same entries and change them both. */
  async function transact<T>(work: (all: readonly Entry[], now: number, nextSeq: number) => Change<T>): Promise<T> {
    const database = await open()
    return new Promise<T>((resolve, reject) => {
      let transaction: Transaction
      try {
        transaction = database.transaction([entries], 'readwrite', { durability: 'strict' })
      } catch (error) {
        // Browsers close it when they clean up.
        opening = undefined
        return reject(storeUnavailable('IndexedDB was closed', error))
      }
      const fail = (): void => reject(storeUnavailable('IndexedDB did not do what the outbox asked', transaction.error))
      let result: T
      transaction.oncomplete = () => resolve(result)
      transaction.onerror = fail
      transaction.onabort = fail
      const attempt = <R>(make: () => R): R | undefined => {
        try {
          return make()
        } catch (error) {
          transaction.abort()
          reject(error as Error)
          return undefined
        }
      }
      const store = transaction.objectStore(entries)
      const reading = store.getAll()
      reading.onsuccess = () => {
        const all = reading.result
        const change = attempt(() => work(all, clock.now(), 1 + all.reduce((most, { seq }) => Math.max(most, seq), 0)))
        if (change === undefined) return
        if (change.put !== undefined) store.put(change.put)
        for (const { seq } of change.remove ?? []) store.delete(seq)
        result = change.result
      }
    })
  }
  return fromEntries({ name: 'indexeddb', durable: true, transact })
}
