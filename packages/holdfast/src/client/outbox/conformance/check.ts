import type { NewEntry } from '../entry.ts'
import type { Entry } from '../entry.ts'
import type { OutboxStore, Take } from '../store.ts'

/** The store a suite of checks is run on. */
export interface OutboxConformanceOptions {
  /** Begins the name of every check. */
  readonly name: string
  /** Opens a store without entries. */
  open(): Promise<OutboxStore>
  /** Closes what `open` gave. */
  close?(store: OutboxStore): Promise<void>
  /** Random histories. @default 30 */
  readonly histories?: number
  /** Repeats the histories of an earlier run; failures name it. */
  readonly seed?: number
}

/** One named check. `run` rejects with what went wrong. */
export interface OutboxCheck {
  readonly name: string
  readonly run: () => Promise<void>
}

/** Long enough to be never, in a check. */
export const hour = 3_600_000

export function newEntry(id: string, change: Partial<NewEntry> = {}): NewEntry {
  return {
    id,
    lane: undefined,
    key: `key-${id}`,
    fingerprint: `fingerprint-${id}`,
    method: 'POST',
    url: 'https://api.example/things?a=%C3%A9',
    headers: [
      ['content-type', 'application/json'],
      ['x-note', 'quote " and é'],
    ],
    body: new Uint8Array([0, 1, 254, 255]),
    ...change,
  }
}

export function take(owner: string, change: Partial<Take> = {}): Take {
  return { owner, leaseMs: hour, keyLifetimeMs: 24 * hour, freshKey: 'fresh', ...change }
}

/** Adds entries, in order. */
export async function fill(store: OutboxStore, ...entries: NewEntry[]): Promise<void> {
  for (const entry of entries) await store.add(entry, 1_000)
}

export function assert(isSo: boolean, message: string): asserts isSo {
  if (!isSo) throw new Error(message)
}

export function assertSame(found: unknown, expected: unknown, what: string): void {
  const [left, right] = [JSON.stringify(found), JSON.stringify(expected)]
  assert(left === right, `${what}: expected ${right}, found ${left}`)
}

/** What of an entry does not depend on the time. */
export function shapeOf(entry: Entry | undefined): unknown {
  if (entry === undefined) return null
  const { id, lane, key, fingerprint, method, url, headers, body, state, attempts, owner, result } = entry
  const times = [entry.leaseUntil, entry.firstSentAt, entry.settledAt].map((at) => at !== undefined)
  return { id, lane, key, fingerprint, method, url, headers, body: body && [...body], state, attempts, owner, result, times }
}
