import type { LedgerClock } from './clock.ts'
import type { LedgerDatabase } from './database/database.ts'

/** What the handlers work with. */
export interface Ledger {
  readonly database: LedgerDatabase
  readonly clock: LedgerClock
  /** Whether transfers keep the caller's Idempotency-Key in clear, so that tests can count effects by it. */
  readonly keepsKeys: boolean
}
