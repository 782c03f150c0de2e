import { isHoldfastError, storeUnavailable } from '../../core/index.ts'

// Primary result codes, https://sqlite.org/rescode.html: what the machine or another process does, not what a statement says.
const outages: ReadonlyMap<number, string> = new Map([
  [5, 'SQLITE_BUSY'],
  [6, 'SQLITE_LOCKED'],
  [7, 'SQLITE_NOMEM'],
  [8, 'SQLITE_READONLY'],
  [9, 'SQLITE_INTERRUPT'],
  [10, 'SQLITE_IOERR'],
  [11, 'SQLITE_CORRUPT'],
  [13, 'SQLITE_FULL'],
  [14, 'SQLITE_CANTOPEN'],
  [15, 'SQLITE_PROTOCOL'],
  [26, 'SQLITE_NOTADB'],
])

const outageNames = new Set(outages.values())

/** The outage behind a driver's error (`SQLITE_FULL`), or `undefined` when the statement itself is at fault. */
export function outageOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined
  const { errcode, code } = error as { errcode?: unknown; code?: unknown }
  // node:sqlite gives the extended result code as a number; its low byte is the primary one.
  if (typeof errcode === 'number') return outages.get(errcode & 0xff)
  // Other drivers give its name, extended by a suffix: SQLITE_BUSY_RECOVERY.
  if (typeof code !== 'string') return undefined
  if (code === 'ERR_INVALID_STATE') return 'closed'
  const name = /^SQLITE_[A-Z]+/.exec(code)?.[0]
  return name !== undefined && outageNames.has(name) ? name : undefined
}

/** Whether another connection holds the lock, so that trying again makes sense. */
export function isBusy(error: unknown): boolean {
  return outageOf(error) === 'SQLITE_BUSY'
}

/** What a caller gets for an error: an outage becomes `store-unavailable`, anything else stays as it is. */
export function toCallerError(error: unknown): unknown {
  const outage = isHoldfastError(error) ? undefined : outageOf(error)
  return outage === undefined ? error : storeUnavailable(`SQLite failed (${outage})`, error)
}

/** What a caller gets when the store's own statements fail, whatever the reason. */
export function toStoreError(error: unknown, doing: string): Error {
  if (isHoldfastError(error)) return error
  return storeUnavailable(`SQLite failed while ${doing} (${outageOf(error) ?? 'see the cause'})`, error)
}
