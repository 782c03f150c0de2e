import type { ClaimVerdict, CompleteVerdict, KeyRecord, OrphanPolicy } from '../../src/idempotency/record.ts'
import type { Decisions } from '../support/decisions.ts'
import { answerOf, claimBy, completionBy, giving, inPhase, leaseMs, now, owners, retentionMs, textOf } from './state.ts'
import type { State } from './state.ts'

/** What one operation did to the record. */
export type Applied =
  | { readonly kind: 'claim'; readonly owner: string; readonly verdict: ClaimVerdict }
  | { readonly kind: 'complete'; readonly owner: string; readonly verdict: CompleteVerdict }
  | { readonly kind: 'release' | 'abandon' | 'heartbeat' | 'resolve'; readonly owner: string; readonly verdict: boolean }
  | { readonly kind: 'collect' | 'expire' | 'none' }

/** Something that can happen in a state, and the state after it. */
export interface Step {
  readonly label: string
  readonly applied: Applied
  readonly after: State
}

/** What the store is told, and what it may rely on. */
export interface World {
  readonly onOrphan: OrphanPolicy
  /**
   * Records are kept for as long as their key may still be executed: retention from completion is at least the retention keys are
   * judged by, and the lead of the caller's clock on top.
   */
  readonly recordsOutliveKeys: boolean
}

/** Everything that can happen in a state. */
export function* stepsFrom(state: State, decide: Decisions, { onOrphan, recordsOutliveKeys }: World): Generator<Step> {
  for (const actor of state.actors.keys()) yield* stepsOf(actor, state, decide, onOrphan)
  yield* settlements(state, decide)
  yield* timePasses(state, decide, recordsOutliveKeys)
}

function* stepsOf(actor: number, state: State, decide: Decisions, onOrphan: OrphanPolicy): Generator<Step> {
  const owner = owners[actor] as string
  const { record } = state
  const phase = state.actors[actor]
  const none: Applied = { kind: 'none' }

  switch (phase) {
    case 'idle':
    case 'waiting':
      yield claimed()
      break
    case 'holding':
      yield { label: `${owner} takes effect`, applied: none, after: inPhase({ ...state, effects: state.effects + 1 }, actor, 'acted') }
      yield* [heartbeat(), released('gone after releasing'), abandoned('gone after abandoning'), crashed()]
      break
    case 'acted':
      yield* [heartbeat(), completed('gone after completing'), completed('completing'), abandoned('gone after abandoning'), crashed()]
      break
    case 'completing':
      yield* [
        heartbeat(),
        completed('gone after completing'),
        { label: `${owner} crashes`, applied: none, after: inPhase(state, actor, 'gone after completing') },
      ]
      break
    case 'gone after completing':
      yield completed(phase)
      break
    case 'gone after releasing':
      yield released(phase)
      break
    case 'gone after abandoning':
      yield abandoned(phase)
      break
    default:
  }
  // A claim whose reply is lost, and a copy of it that the network delivers late.
  yield unheard()

  function claimed(): Step {
    const { record: after, verdict } = decide.claim(record, claimBy(owner, onOrphan, state.isTooOld), now)
    const next: State = { ...state, record: after }
    const step = { label: `${owner} claims: ${verdict.kind}`, applied: { kind: 'claim', owner, verdict } as const }
    if (verdict.kind === 'acquired') return { ...step, after: inPhase(next, actor, 'holding') }
    if (verdict.kind === 'done') return { ...step, after: inPhase(giving(next, textOf(verdict.answer)), actor, 'gone') }
    return { ...step, after: inPhase(next, actor, verdict.kind === 'expired' ? 'gone' : 'waiting') }
  }

  function unheard(): Step {
    const { record: after, verdict } = decide.claim(record, claimBy(owner, onOrphan, state.isTooOld), now)
    const next = { ...state, record: after }
    return {
      label: `a claim of ${owner} arrives and its reply is lost: ${verdict.kind}`,
      applied: { kind: 'claim', owner, verdict },
      after: phase === 'idle' ? inPhase(next, actor, 'waiting') : next,
    }
  }

  function completed(phaseAfter: 'completing' | 'gone after completing'): Step {
    const { record: after, verdict } = decide.complete(record, completionBy(owner), now)
    const next = inPhase({ ...state, record: after }, actor, phaseAfter)
    const isHeard = phaseAfter !== 'completing' && phase !== 'gone after completing'
    // A fenced finisher drops its own answer and gives the winner's.
    const answer = verdict === 'fenced' ? decide.lookup(after, now) && answerOf(after) : owner
    const applied = { kind: 'complete', owner, verdict } as const
    return { label: `${owner} completes${isHeard ? '' : ', unheard'}: ${verdict}`, applied, after: isHeard ? giving(next, answer) : next }
  }

  function released(phaseAfter: 'gone after releasing'): Step {
    const { record: after, verdict } = decide.release(record, owner, retentionMs, now)
    return {
      label: `${owner} releases: ${verdict}`,
      applied: { kind: 'release', owner, verdict },
      after: inPhase({ ...state, record: after }, actor, phaseAfter),
    }
  }

  function abandoned(phaseAfter: 'gone after abandoning'): Step {
    const { record: after, verdict } = decide.abandon(record, owner, 2 * retentionMs, now)
    return {
      label: `${owner} abandons: ${verdict}`,
      applied: { kind: 'abandon', owner, verdict },
      after: inPhase({ ...state, record: after }, actor, phaseAfter),
    }
  }

  function heartbeat(): Step {
    const { record: after, verdict } = decide.heartbeat(record, owner, leaseMs, now)
    return {
      label: `${owner} sends a heartbeat: ${verdict}`,
      applied: { kind: 'heartbeat', owner, verdict },
      after: { ...state, record: after },
    }
  }

  function crashed(): Step {
    return { label: `${owner} crashes`, applied: none, after: inPhase(state, actor, 'gone') }
  }
}

/**
 * What every execution might send in a state, though a correct one would not: a store must not rely on its callers. Rules judge
 * these steps; nobody takes them.
 */
export function* probesFrom(state: State, decide: Decisions): Generator<Step> {
  const { record } = state
  for (const owner of owners) {
    const probe = (applied: Applied, after: KeyRecord | undefined): Step => ({
      label: `${owner} tries to ${applied.kind}`,
      applied,
      after: { ...state, record: after },
    })
    const completed = decide.complete(record, completionBy(owner), now)
    yield probe({ kind: 'complete', owner, verdict: completed.verdict }, completed.record)
    const released = decide.release(record, owner, retentionMs, now)
    yield probe({ kind: 'release', owner, verdict: released.verdict }, released.record)
    const abandoned = decide.abandon(record, owner, 2 * retentionMs, now)
    yield probe({ kind: 'abandon', owner, verdict: abandoned.verdict }, abandoned.record)
  }
}

/** An operator settles the key at any time, with an answer, or without one if the call can neither have taken effect nor still do so. */
function* settlements(state: State, decide: Decisions): Generator<Step> {
  const owner = 'operator'
  const isHarmless = state.effects === 0 && !state.actors.includes('holding')
  for (const answer of isHarmless ? [completionBy(owner).answer, undefined] : [completionBy(owner).answer]) {
    const { record, verdict } = decide.resolve(state.record, { id: 'key', owner, answer, retentionMs }, now)
    const label = `the operator settles it ${answer ? 'with an answer' : 'as without effect'}: ${verdict}`
    yield { label, applied: { kind: 'resolve', owner, verdict }, after: { ...state, record } }
  }
}

function* timePasses(state: State, decide: Decisions, recordsOutliveKeys: boolean): Generator<Step> {
  const { record } = state
  if (!state.isTooOld) yield { label: 'the key grows too old', applied: { kind: 'none' }, after: { ...state, isTooOld: true } }
  if (record === undefined) return
  if ((record.leaseUntil ?? 0) > now)
    yield { label: 'the lease ends', applied: { kind: 'expire' }, after: { ...state, record: { ...record, leaseUntil: now } } }
  if ((state.isTooOld || !recordsOutliveKeys) && (record.expiresAt ?? 0) > now)
    yield { label: 'the record expires', applied: { kind: 'expire' }, after: { ...state, record: { ...record, expiresAt: now } } }
  if (decide.isCollectable(record, now))
    yield { label: 'the record is collected', applied: { kind: 'collect' }, after: { ...state, record: undefined } }
}
