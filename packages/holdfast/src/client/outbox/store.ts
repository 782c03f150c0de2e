import type { Entry, EntryResult, EntryState, NewEntry } from './entry.ts'

/** Takes an entry to send it. */
export interface Take {
  readonly owner: string
  readonly leaseMs: number
  /** A server keeps a key at least so long: an entry first sent longer ago becomes `unknown` instead, and one never sent gets `freshKey`. */
  readonly keyLifetimeMs: number
  readonly freshKey: string
  /** This one, or none. */
  readonly id?: string | undefined
}

/** What came of a send. */
export type Settlement =
  | { readonly state: 'pending'; readonly waitMs: number; readonly result: EntryResult }
  | { readonly state: 'done' | 'dead' | 'unknown'; readonly result: EntryResult }

/** What `add` came to. `full`: there are as many open entries as allowed. */
export type Added = { readonly entry: Entry; readonly isNew: boolean } | 'full'

/** Which entries are listed. */
export interface ListQuery {
  readonly state?: EntryState | undefined
  /** The most that are given. */
  readonly limit: number
}

/**
 * Where an outbox keeps its entries. Every operation is atomic, and durable when it resolves. Time is the store's own.
 *
 * What each means is decided by the functions of `decide.ts`; the conformance checks hold every store to them.
 */
export interface OutboxStore {
  readonly name: string
  /** Whether entries outlive the process. */
  readonly durable: boolean
  /** Adds an entry, unless its id is there: then that one is given. */
  add(entry: NewEntry, maxOpen: number): Promise<Added>
  /** Takes the first entry that may be sent, or marks it `unknown` for its age. `undefined` when there is none. */
  take(take: Take): Promise<Entry | undefined>
  /** Prolongs a lease; `false` when it is no longer the owner's. */
  renew(id: string, owner: string, leaseMs: number): Promise<boolean>
  /** Notes what came of a send; `undefined` when the entry is no longer the owner's. */
  settle(id: string, owner: string, settlement: Settlement): Promise<Entry | undefined>
  /** Makes a dead entry pending under a new key, and an unknown one under its own. `undefined` for any other. */
  retry(id: string, freshKey: string): Promise<Entry | undefined>
  /** Deletes an entry that is done, dead or unknown. */
  forget(id: string): Promise<boolean>
  find(id: string): Promise<Entry | undefined>
  /** In order of arrival. */
  list(query: ListQuery): Promise<Entry[]>
  /** Milliseconds until an entry may be taken, 0 or less for now; `undefined` when nothing can be. */
  nextDueMs(): Promise<number | undefined>
  /** Deletes what has been done for so long. Gives how many. */
  prune(doneForMs: number): Promise<number>
}
