import { isDeepStrictEqual } from 'node:util'
import { decideComplete } from '../../src/idempotency/decide.ts'
import type { Claim, Completion, KeyRecord } from '../../src/idempotency/record.ts'

/** Where one execution of the call stands. What was sent may arrive again as long as somebody can have kept a copy. */
export type Phase =
  | 'idle'
  /** Its claim was sent; no reply, or one that says to come back. */
  | 'waiting'
  /** It may act. */
  | 'holding'
  | 'acted'
  /** Its completion was sent, the reply was lost. */
  | 'completing'
  | 'gone'
  | 'gone after completing'
  | 'gone after releasing'
  | 'gone after abandoning'

/** Everything there is: one key, what has happened under it, and three executions that want it. */
export interface State {
  readonly record: KeyRecord | undefined
  /** The key was minted longer ago than its retention. */
  readonly isTooOld: boolean
  readonly effects: number
  /** Every different answer a caller ever got, in order of the alphabet. */
  readonly given: readonly string[]
  readonly actors: readonly Phase[]
}

// Time stands still. A lease that ends and a record that expires are events which move the instant in the record: that covers every clock.
export const now = 10_000
export const leaseMs = 100
export const retentionMs = 1_000

export const owners = ['A', 'B', 'C'] as const

/** How the state machine begins. */
export const initial: State = { record: undefined, isTooOld: false, effects: 0, given: [], actors: owners.map(() => 'idle') }

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** The claim of an execution. */
export function claimBy(owner: string, onOrphan: Claim['onOrphan'], isTooOld: boolean): Claim {
  const mintedAt = isTooOld ? now - retentionMs - 1 : now
  return {
    id: 'key',
    scope: 'account',
    fingerprint: 'call',
    owner,
    leaseMs,
    onOrphan,
    unknownRetentionMs: 2 * retentionMs,
    mintedAt,
    retentionMs,
  }
}

/** The completion of an execution: each has an answer of its own, so that a mix-up shows. */
export function completionBy(owner: string): Completion {
  return { id: 'key', owner, answer: encoder.encode(owner), retentionMs }
}

/** An answer as text: the name of the execution whose it is. */
export function textOf(answer: Uint8Array): string {
  return decoder.decode(answer)
}

/** The answer in a record. */
export function answerOf(record: KeyRecord | undefined): string | undefined {
  return record?.answer && textOf(record.answer)
}

/** One text for each state that differs in what can happen next. How many attempts there were does not; rules look at single steps. */
export function keyOf({ record, isTooOld, effects, given, actors }: State): string {
  const known = record && [record.fingerprint, record.state, record.owner, record.leaseUntil, record.expiresAt, answerOf(record)].join()
  return [known, isTooOld, effects, given.join('+'), ...actors].join('|')
}

/** The state with one execution elsewhere. */
export function inPhase(state: State, actor: number, phase: Phase): State {
  return { ...state, actors: state.actors.with(actor, phase) }
}

/** The state after a caller got an answer. */
export function giving(state: State, answer: string | undefined): State {
  if (answer === undefined || state.given.includes(answer)) return state
  return { ...state, given: [...state.given, answer].toSorted() }
}

/** Whether nothing was changed; a decision that hands back a copy has changed nothing. */
export function isSame(before: KeyRecord | undefined, after: KeyRecord | undefined): boolean {
  return before === after || isDeepStrictEqual(before, after)
}

/** Whether the owner of a record could still record its answer; what a fenced finisher must not be able to. */
export function isOpenTo(owner: string, record: KeyRecord | undefined): boolean {
  return decideComplete(record, completionBy(owner), now).verdict === 'recorded'
}
