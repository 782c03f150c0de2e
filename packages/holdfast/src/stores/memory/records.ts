import { isCollectable } from '../../idempotency/decide.ts'
import type { KeyRecord } from '../../idempotency/record.ts'
import { createExpiryHeap } from './expiry-heap.ts'

/** The records of a memory store, how many each account has, and which expires next. */
export interface Records {
  readonly size: number
  get(id: string): KeyRecord | undefined
  /** Puts what a decision left of a record in place of what it was made on. */
  replace(before: KeyRecord | undefined, after: KeyRecord): void
  countOf(scope: string): number
  /** Deletes up to `limit` expired records; returns how many. */
  collect(limit: number, now: number): number
  clear(): void
}

/** Makes an empty set of records. */
export function createRecords(): Records {
  const byId = new Map<string, KeyRecord>()
  const countByScope = new Map<string, number>()
  const expiry = createExpiryHeap()

  function count(scope: string, change: number): void {
    const after = (countByScope.get(scope) ?? 0) + change
    if (after === 0) countByScope.delete(scope)
    else countByScope.set(scope, after)
  }

  function schedule(record: KeyRecord): void {
    if (record.expiresAt === undefined) return
    expiry.push(record.expiresAt, record.id)
    // A key that is released over and over leaves an entry each time; without this they would pile up until their time comes.
    if (expiry.size > 2 * byId.size + 64) rebuild()
  }

  function rebuild(): void {
    expiry.clear()
    for (const record of byId.values()) if (record.expiresAt !== undefined) expiry.push(record.expiresAt, record.id)
  }

  return {
    get size() {
      return byId.size
    },
    get: (id) => byId.get(id),
    replace(before, after) {
      if (before === undefined) count(after.scope, 1)
      else if (before.scope !== after.scope) {
        count(before.scope, -1)
        count(after.scope, 1)
      }
      byId.set(after.id, after)
      if (after.expiresAt !== before?.expiresAt) schedule(after)
    },
    countOf: (scope) => countByScope.get(scope) ?? 0,
    collect(limit, now) {
      let collected = 0
      while (collected < limit) {
        const id = expiry.popDue(now)
        if (id === undefined) break
        const record = byId.get(id)
        if (record === undefined || !isCollectable(record, now)) continue
        byId.delete(id)
        count(record.scope, -1)
        collected += 1
      }
      return collected
    },
    clear() {
      byId.clear()
      countByScope.clear()
      expiry.clear()
    },
  }
}
