export { CanonicalJsonError, canonicalJson } from './canonical-json.ts'
export { idempotencyOf } from './context.ts'
export type { IdempotencyContext } from './context.ts'
export type { FingerprintOptions } from './fingerprint.ts'
export { createInFlight } from './in-flight.ts'
export type { Flight, InFlight, InFlightOptions, Settlement } from './in-flight.ts'
export { parseKey } from './key.ts'
export type { ParsedKey } from './key.ts'
export { lookupPath, outcomeLookup } from './lookup.ts'
export type { Disposition, IdempotencyOptions, IdempotencyRules, UnknownOutcome } from './options.ts'
export { Retryable } from './outcome.ts'
export { idempotency } from './policy.ts'
export { resolveKey } from './reconcile.ts'
export type { Resolved } from './reconcile.ts'
export type {
  Claim,
  ClaimVerdict,
  Completion,
  CompleteVerdict,
  KeyRecord,
  KeySnapshot,
  KeyState,
  OrphanPolicy,
  Resolution,
} from './record.ts'
export { toSettings } from './settings.ts'
export type { Settings } from './settings.ts'
export type { Finding, Guarantee, IdempotencyStore, TransactionContext, TransactionEnd, TransactionVerdict } from './store.ts'
