import {
  decideAbandon,
  decideClaim,
  decideComplete,
  decideHeartbeat,
  decideRelease,
  decideResolve,
  decideStep,
  isCollectable,
  toSnapshot,
} from '../../src/idempotency/decide.ts'

/** Every decision a store follows; a mutant has another one in place of one of them. */
export const decisions = {
  claim: decideClaim,
  complete: decideComplete,
  release: decideRelease,
  abandon: decideAbandon,
  heartbeat: decideHeartbeat,
  resolve: decideResolve,
  step: decideStep,
  lookup: toSnapshot,
  isCollectable,
}

export type Decisions = typeof decisions
