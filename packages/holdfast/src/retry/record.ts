import { defineFact } from '../core/facts.ts'
import type { FactKey, Facts } from '../core/facts.ts'
import type { StopReason } from './outcome.ts'

/** What has become of a call so far. Policies write it, whoever made the call reads it. */
export interface CallRecord {
  /** Attempts started. */
  attempts: number
  /** Time spent waiting between attempts and for a turn, milliseconds. */
  waitedMs: number
  stop: StopReason | undefined
  /** When the server wants to be asked again, milliseconds since the epoch, where that was too long to wait. */
  retryAt: number | undefined
  /** Where the last attempt went. */
  endpoint: string | undefined
  /** Whether some attempt may have been processed without its answer having come back. */
  isUnknown: boolean
}

const recordFact: FactKey<CallRecord> = defineFact<CallRecord>('call-record')

/** The record of a call; made when nobody has one yet. */
export function recordOf({ facts }: { readonly facts: Facts }): CallRecord {
  const known = facts.get(recordFact)
  if (known !== undefined) return known
  const record: CallRecord = {
    attempts: 0,
    waitedMs: 0,
    stop: undefined,
    retryAt: undefined,
    endpoint: undefined,
    isUnknown: false,
  }
  facts.set(recordFact, record)
  return record
}

/** What can be sent again of a body. */
export interface RepeatableBody {
  /** Whether the next attempt would send the same bytes as the first. */
  readonly isIntact: boolean
}

/** Set by whoever makes a call with a body that may be gone after one attempt. Without it a body is taken to be intact. */
export const bodyFact: FactKey<RepeatableBody> = defineFact<RepeatableBody>('body')

/** Counts an attempt; whoever sends a call says so here. Returns its number, from 1. */
export function beginAttempt(call: { readonly facts: Facts }): number {
  return ++recordOf(call).attempts
}
