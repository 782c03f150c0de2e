export { captureBody, isLiveBody, mapBody, mapStream } from './body.ts'
export type { Body, BodyMap, Captured, LiveBody } from './body.ts'
export { createCall, fromRequest, targetOf } from './call.ts'
export type { Call, CallChange, CallInit, RequestHead, Target } from './call.ts'
export { errorCodes, problemKinds } from './catalogue.ts'
export type { ErrorCode, ProblemCode, ProblemKind } from './catalogue.ts'
export { monotonic, sleep, systemClock, waitingClock, withTimeout } from './clock.ts'
export type { Cancel, Clock, Random } from './clock.ts'
export { currentCall, findCurrentCall, runWithCall } from './current.ts'
export { HoldfastError, bodyIncomplete, bodyTooLarge, configurationError, isHoldfastError, storeUnavailable } from './errors.ts'
export {
  accountFact,
  attemptFact,
  createFacts,
  deadlineFact,
  defineFact,
  namedVersionFact,
  routeFact,
  sentUrlFact,
  transactionFact,
  versionFact,
} from './facts.ts'
export type { Deadline, FactKey, Facts } from './facts.ts'
export { ChangedFields, changeFields, toFields } from './fields.ts'
export type { Fields, FieldsInit, HeaderReader } from './fields.ts'
export { policyOf, stack } from './policy.ts'
export type { Next, Policy, PolicySource } from './policy.ts'
export { createProblem, problem, problemBase } from './problem.ts'
export type { Problem, ProblemDetails } from './problem.ts'
export { inheritedMs, provideInheritedMs } from './remaining-time.ts'
export type { RemainingTime } from './remaining-time.ts'
export { addHeaders, createReply, jsonReply, withBody, withHeaders } from './reply.ts'
export type { HeadersOf, Reply, ReplyHead } from './reply.ts'
export { publish } from './telemetry.ts'
export type { AttemptEvent, CallEvent, ErrorEvent, OutcomeEvent, PolicyEvent } from './events.ts'
