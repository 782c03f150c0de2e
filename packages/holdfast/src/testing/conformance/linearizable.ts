import { toUnderWay } from '../../idempotency/decide.ts'
import type { KeyRecord, KeySnapshot } from '../../idempotency/record.ts'
import { agrees, outcomeToText } from './agrees.ts'
import { decisionsOn } from './model.ts'
import type { Circumstances, KeyOperation } from './model.ts'
import { toText } from './operation.ts'
import type { Outcome } from './perform.ts'

/** An operation on one key that was sent and answered. Instants are places in the order in which things happened. */
export interface Event {
  readonly actor: number
  readonly operation: KeyOperation
  readonly outcome: Outcome
  readonly invokedAt: number
  readonly returnedAt: number
}

/**
 * Whether there is an order of the events, consistent with which of them were over before which others began, in which the model
 * gives every one of them its outcome (Wing and Gong's search, with Lowe's memory of what was tried).
 *
 * @param events at most 30, all on one key
 */
export function isLinearizable(events: readonly Event[], circumstances: Circumstances): boolean {
  const all = 2 ** events.length - 1
  const tried = new Set<string>()

  function search(done: number, record: KeyRecord | undefined): boolean {
    if (done === all) return true
    const here = `${done} ${recordToText(record)}`
    if (tried.has(here)) return false
    tried.add(here)
    const waiting = [...events.keys()].filter((index) => (done & (1 << index)) === 0)
    // An event that began after another was over cannot come before it.
    const horizon = Math.min(...waiting.map((index) => (events[index] as Event).returnedAt))
    return waiting.some((index) => {
      const { operation, outcome, invokedAt } = events[index] as Event
      if (invokedAt > horizon) return false
      const decisions = decisionsOn(record, operation, circumstances)
      return decisions.some(
        (decision) =>
          (agrees(outcome, decision.verdict) || agrees(outcome, seenRunning(events[index] as Event, decision.verdict))) &&
          search(done | (1 << index), decision.record),
      )
    })
  }

  /** What a look may also find beside an operation that works in a transaction: that it has not ended. */
  function seenRunning({ operation, invokedAt, returnedAt }: Event, verdict: Outcome): Outcome {
    const isBeside = events.some(
      (other) =>
        (other.operation.kind === 'transact' || other.operation.kind === 'step') &&
        other.invokedAt < returnedAt &&
        other.returnedAt > invokedAt,
    )
    return operation.kind === 'lookup' && isBeside ? toUnderWay(verdict as KeySnapshot | undefined) : verdict
  }

  return search(0, undefined)
}

function recordToText(record: KeyRecord | undefined): string {
  return record === undefined
    ? 'absent'
    : JSON.stringify(record, (_, value: unknown) => (value instanceof Uint8Array ? outcomeToText(value) : value))
}

/** Writes events in the order in which they began, each with the span in which it took place. */
export function eventsToText(events: readonly Event[]): string {
  return [...events]
    .sort((left, right) => left.invokedAt - right.invokedAt)
    .map(({ actor, operation, outcome, invokedAt, returnedAt }) => {
      const span = `${String(invokedAt).padStart(4)} to ${String(returnedAt).padEnd(4)}`
      return `  ${span} actor ${actor}: ${toText(operation)} -> ${outcomeToText(outcome)}`
    })
    .join('\n')
}
